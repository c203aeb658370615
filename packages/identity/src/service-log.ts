/** What an operator is told of files that are read again: a pino logger is one. */
export interface ServiceLog {
  info(message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}
