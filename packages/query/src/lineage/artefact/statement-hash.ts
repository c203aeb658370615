import { StatementScanner } from '@whence/model';

/** The fingerprint of a statement as the collector makes it, decimal: literals, comments and layout aside. */
export const statementHashOf = (statement: string): string => {
  const scanner = new StatementScanner();
  const bytes = new TextEncoder().encode(statement);
  scanner.scan(bytes, 0, bytes.length);
  return ((BigInt(scanner.hashHigh) << 32n) | BigInt(scanner.hashLow)).toString();
};
