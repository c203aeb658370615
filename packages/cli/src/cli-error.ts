import { CodedError } from '@whence/model';

/** What each says to the shell. 69 and 77 are `EX_UNAVAILABLE` and `EX_NOPERM` of sysexits.h. */
export const EXIT_CODES = {
  failed: 1,
  usage: 2,
  not_found: 4,
  unavailable: 69,
  refused: 77,
} as const;

export type CliErrorCode = keyof typeof EXIT_CODES;

/** An end that is no success, with its reason for people. */
export class CliError extends CodedError<CliErrorCode> {
  get exitCode(): number {
    return EXIT_CODES[this.code];
  }
}
