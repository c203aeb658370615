import { CodedError } from '@whence/model';

export type CollectorErrorCode =
  /** The body is no OTLP message: sending it again cannot help. */
  | 'otlp_malformed'
  /** Configuration that the collector refuses to start with. */
  | 'config_invalid'
  /** The address cannot be listened on. */
  | 'listen_failed';

export class CollectorError extends CodedError<CollectorErrorCode> {}
