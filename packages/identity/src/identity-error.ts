import { CodedError } from '@whence/model';

export type IdentityErrorCode =
  /** The credentials file cannot be used; the message lists every fault in it. */
  | 'credentials_invalid'
  /** The credentials file cannot be read at all. */
  | 'credentials_unreadable'
  /** It names another trust domain than the one that references were given out under. */
  | 'trust_domain_changed'
  /** Certificate, key or CAs cannot be read, or do not go together. */
  | 'tls_files_invalid'
  /** The MAC key file is not what it should be. */
  | 'mac_keys_invalid'
  /** Others on this machine may read or change the MAC key file. */
  | 'mac_keys_exposed'
  /** The MAC key file can neither be read nor created. */
  | 'mac_keys_unavailable'
  /** The same of the file of the keys that sign Transaction Tokens. */
  | 'token_keys_invalid'
  | 'token_keys_exposed'
  | 'token_keys_unavailable';

export const identityError = (
  code: IdentityErrorCode,
  message: string,
  cause?: unknown,
): CodedError<IdentityErrorCode> => new CodedError(code, message, cause === undefined ? {} : { cause });
