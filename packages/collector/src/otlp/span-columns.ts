import { CollectorError } from '../collector-error.ts';

const asString = (text: string): Uint8Array => Buffer.concat([Buffer.of(text.length), Buffer.from(text)]);

/** Span.SpanKind by number, as stored (the OpenTelemetry exporter's words). */
export const SPAN_KIND_COLUMN: readonly Uint8Array[] = [
  'Unspecified',
  'Internal',
  'Server',
  'Client',
  'Producer',
  'Consumer',
].map(asString);

/** Status.StatusCode by number, as stored. */
export const STATUS_CODE_COLUMN: readonly Uint8Array[] = ['Unset', 'Ok', 'Error'].map(asString);

export const idLength = (what: string, length: number, expected: number): CollectorError =>
  new CollectorError('otlp_malformed', `${what} has ${length} bytes, not ${expected}`);
