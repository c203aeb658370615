import type { Run } from '@whence/model';
import { type DecodedRow, decodeRows, OTEL_TRACES, RowWriter } from '@whence/store';
import { Attributor, type ReferenceJudge } from '../attribution/attributor.ts';
import { encodeRequestColumns } from '../intake/request-columns.ts';
import { TraceTranscoder } from '../otlp/trace-transcoder.ts';

export const NOBODY: ReferenceJudge = {
  judge: () => undefined,
  recordOf: (): Run | undefined => undefined,
  wanted: () => {},
};

/** The place of a batch that is like no other, so that it can be seen in the rows. */
export const PLACE = {
  batchId: Uint8Array.from({ length: 16 }, (_, i) => i + 1),
  firstRow: 7,
  receivedAtMillis: 1_790_000_000_123,
};

const transcoder = new TraceTranscoder();

/** Puts a request through the one pass and reads the rows back. */
export const transcode = (
  body: Uint8Array,
  judge: ReferenceJudge = NOBODY,
): { rows: DecodedRow[]; bytes: Uint8Array; withoutId: number } => {
  const writer = new RowWriter();
  const request = encodeRequestColumns({ tenant: 'acme', actor: 'k8s://a/b/c', witness: 'gateway' }, PLACE);
  const result = transcoder.transcode(body, writer, request, new Attributor(judge), PLACE.firstRow, {
    span: () => {},
  });
  const bytes = writer.copyOut();
  const rows = [...decodeRows(OTEL_TRACES, bytes)];
  if (rows.length !== result.rows) throw new Error(`${result.rows} rows said, ${rows.length} written`);
  return { rows, bytes, withoutId: result.withoutId };
};
