/**
 * The one error base. `Code` is the package's closed union of codes: callers switch on `code`, never on the text.
 * The message says what was wrong, where, and what to do.
 */
export class CodedError<Code extends string = string> extends Error {
  readonly code: Code;

  constructor(code: Code, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'CodedError';
    this.code = code;
  }
}

export const isCoded = <Code extends string>(error: unknown, code: Code): error is CodedError<Code> =>
  error instanceof CodedError && error.code === code;
