import { BYTES, WireReader } from './wire-reader.ts';

/** How many log records an `ExportLogsServiceRequest` holds. @throws CollectorError `otlp_malformed` */
export const countLogRecords = (body: Uint8Array): number => count(body, [[1], [2], [2]]);

/**
 * How many data points an `ExportMetricsServiceRequest` holds: resource_metrics, scope_metrics, metrics, one of gauge,
 * sum, histogram, exponential_histogram, summary, data_points. @throws CollectorError `otlp_malformed`
 */
export const countDataPoints = (body: Uint8Array): number =>
  count(body, [[1], [2], [2], [5, 7, 9, 10, 11], [1]]);

/** Counts the messages that are reached by a path of field numbers, any of those given at each step. */
const count = (body: Uint8Array, path: readonly (readonly number[])[]): number => {
  const reader = new WireReader();
  reader.open(body);
  return countWithin(reader, body.length, path);
};

const countWithin = (
  reader: WireReader,
  end: number,
  [fields, ...below]: readonly (readonly number[])[],
): number => {
  if (fields === undefined) {
    reader.at = end;
    return 1;
  }
  const outer = reader.end;
  reader.end = end;
  let found = 0;
  while (reader.at < end) {
    const tag = reader.tag();
    if ((tag & 7) !== BYTES || !fields.includes(tag >>> 3)) reader.skip(tag);
    else found += countWithin(reader, reader.fieldEnd(), below);
  }
  reader.end = outer;
  return found;
};
