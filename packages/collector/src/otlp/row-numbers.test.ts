import { decodeRows, OTEL_TRACES, RowWriter } from '@whence/store';
import { describe, expect, it } from 'vitest';
import { Attributor } from '../attribution/attributor.ts';
import { readCollectorConfig } from '../config.ts';
import { encodeRequestColumns } from '../intake/request-columns.ts';
import { NOBODY, PLACE } from '../testkit/transcode.ts';
import { TraceTranscoder } from './trace-transcoder.ts';

const ROW_NUMBER_MAX = 2 ** 32 - 1;
/** Two ids and their tags. */
const SMALLEST_SPAN_BYTES = 30;

/** So many of the smallest spans that are not rejected. */
const smallestSpans = (count: number): Buffer => {
  const span = Buffer.concat([
    Buffer.from('121c' + '0a10', 'hex'),
    Buffer.alloc(16, 1),
    Buffer.from('1208', 'hex'),
    Buffer.alloc(8, 1),
  ]);
  expect(span).toHaveLength(SMALLEST_SPAN_BYTES);
  const bytes = count * SMALLEST_SPAN_BYTES;
  expect(bytes).toBeLessThan(126);
  return Buffer.concat([Buffer.from([0x0a, bytes + 2, 0x12, bytes]), Buffer.alloc(bytes, span)]);
};

const rowsOf = (spans: number, firstRow: number): Uint8Array => {
  const writer = new RowWriter();
  const sender = { tenant: '', actor: '', witness: 'sdk' } as const;
  new TraceTranscoder().transcode(
    smallestSpans(spans),
    writer,
    encodeRequestColumns(sender, PLACE),
    new Attributor(NOBODY),
    firstRow,
    { span: () => {} },
  );
  return writer.copyOut();
};

describe('the number of a row', () => {
  it('is right up to the last that there is; beyond it the request fails, and no number comes twice', () => {
    const rows = [...decodeRows(OTEL_TRACES, rowsOf(4, ROW_NUMBER_MAX - 3))];
    expect(rows.map(({ values }) => values['RowNumber'])).toEqual(
      [3, 2, 1, 0].map((before) => ROW_NUMBER_MAX - before),
    );
    expect(() => rowsOf(4, ROW_NUMBER_MAX - 2)).toThrow(RangeError);
  });

  it('is far from that in the largest segment that can be configured, with the largest request at its end', () => {
    const largest = { WHENCE_SEGMENT_MAX_BYTES: String(2 ** 28), WHENCE_BODY_MAX_BYTES: String(2 ** 30) };
    const { segmentMaxBytes, bodyMaxBytes } = readCollectorConfig(largest);
    const smallestRow = rowsOf(1, 0).length;
    const rows = segmentMaxBytes / smallestRow + bodyMaxBytes / SMALLEST_SPAN_BYTES;
    expect(rows).toBeLessThan(ROW_NUMBER_MAX / 100);
  });
});
