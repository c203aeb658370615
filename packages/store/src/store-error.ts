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
  | 'row_malformed';

export class StoreError extends CodedError<StoreErrorCode> {}
