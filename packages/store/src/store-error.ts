import { CodedError } from '@whence/model';

export type StoreErrorCode =
  /** Settings of the connection that cannot be used. */
  | 'options_invalid'
  /** The server cannot be reached, or did not answer in time: trying again may help. */
  | 'store_unavailable'
  /** The server answered and refused: the message carries ClickHouse's own code and text. */
  | 'store_refused'
  /** The schema on the server is not one that this version knows. */
  | 'schema_mismatch'
  /** Bytes that are no row of the table. */
  | 'row_malformed'
  /** Of a spool: another process owns the directory. */
  | 'directory_in_use'
  /** Of a spool: the directory cannot be written. */
  | 'directory_unusable'
  /** The spool cannot make anything durable now. */
  | 'spool_unavailable';

export class StoreError extends CodedError<StoreErrorCode> {}
