/** The codes this server raises itself, as in ClickHouse's `src/Common/ErrorCodes.cpp`. */
const ownCodes = {
  BAD_ARGUMENTS: 36,
  NOT_IMPLEMENTED: 48,
  SYNTAX_ERROR: 62,
  UNKNOWN_SETTING: 115,
  TOO_LARGE_STRING_SIZE: 131,
  READONLY: 164,
  REQUIRED_PASSWORD: 194,
  TOO_MANY_SIMULTANEOUS_QUERIES: 202,
  SOCKET_TIMEOUT: 209,
  NETWORK_ERROR: 210,
  QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING: 216,
  QUERY_IS_TOO_LARGE: 229,
  NOT_ENOUGH_SPACE: 243,
  ZLIB_INFLATE_FAILED: 354,
  QUERY_WAS_CANCELLED: 394,
  UNKNOWN_QUERY_PARAMETER: 456,
  ACCESS_DENIED: 497,
  UNKNOWN_ROLE: 511,
  AUTHENTICATION_FAILED: 516,
  UNKNOWN_EXCEPTION: 1002,
} as const;

export type OwnErrorName = keyof typeof ownCodes;

/** A failure in ClickHouse's own terms: what a client sees as `Code: 60. DB::Exception: … (UNKNOWN_TABLE)`. */
export class ClickHouseError extends Error {
  readonly code: number;
  /** The code's name, such as `UNKNOWN_TABLE`. */
  readonly codeName: string;

  constructor(codeName: string, message: string, code: number) {
    super(message);
    this.name = 'ClickHouseError';
    this.code = code;
    this.codeName = codeName;
  }

  /** The text ClickHouse puts in the body of an answer. */
  text(engineVersion: string): string {
    return `Code: ${this.code}. DB::Exception: ${this.message} (${this.codeName}) (version ${engineVersion})`;
  }
}

/** An error that this server, not the engine, decides on. */
export function clickHouseError(codeName: OwnErrorName, message: string): ClickHouseError {
  return new ClickHouseError(codeName, message, ownCodes[codeName]);
}

const ENGINE_TEXT = /^Code: (\d+)\. DB::Exception: (.*?)\s*\((\w+)\)\s*$/s;
const NESTED_HEAD = /^Code: \d+\. DB::Exception: /;
const NESTED_TAIL = /\s*\(\w+\) \(version [^)]*\)\.?$/;

/**
 * Reads what the engine threw. A statement that reads a file nests one exception's text in another's and names
 * that file: the nesting is undone, and the file is called what it stands for, the body of the request.
 */
export function fromEngine(thrown: unknown): ClickHouseError {
  if (thrown instanceof ClickHouseError) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const match = ENGINE_TEXT.exec(text);
  if (!match) return clickHouseError('UNKNOWN_EXCEPTION', text);
  let message = match[2] ?? '';
  while (NESTED_HEAD.test(message)) {
    message = message.replace(NESTED_HEAD, '').replace(NESTED_TAIL, '');
  }
  message = message
    .replace(/\(in file\/uri [^)]*\)/g, '(in the body of the request)')
    .replace('data for INSERT was parsed from file', 'data for INSERT was parsed from query');
  return new ClickHouseError(match[3] ?? 'UNKNOWN_EXCEPTION', message, Number(match[1]));
}
