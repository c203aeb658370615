import { isDeepStrictEqual } from 'node:util';
import { isCoded } from '@whence/model';
import { expectedRows } from './expected-rows.ts';
import { decodeRequest } from './otlp-oracle.ts';
import { transcode } from './transcode.ts';

/** Stricter than the library: OTLP fixes the length of ids, protobuf that of varints, we how deep groups and values go. */
const STRICTER = / has \d+ bytes, not |varint longer than 10 bytes|nested /;

/**
 * What the protobuf library accepts must give the same rows here; what it refuses must be refused as malformed, or be
 * harmless.
 *
 * @returns how it differs; undefined: it does not
 * @throws whatever our reader throws that is not `otlp_malformed`
 */
export const differenceFromLibrary = (body: Uint8Array): string | undefined => {
  const accepted = attempt(() => decodeRequest(body));
  let rows: readonly Readonly<Record<string, unknown>>[];
  try {
    rows = transcode(body).rows.map(({ values }) => values);
  } catch (error) {
    if (!isCoded(error, 'otlp_malformed')) throw error;
    if (accepted === undefined || STRICTER.test(error.message)) return undefined;
    return `refused here, accepted by the library: ${error.message}`;
  }
  if (accepted === undefined) return undefined;
  const expected = expectedRows(accepted);
  if (rows.length !== expected.length) return `${rows.length} rows here, ${expected.length} by the library`;
  for (const [i, row] of expected.entries()) {
    for (const [column, value] of Object.entries(row)) {
      if (!isDeepStrictEqual(rows[i]![column], value)) return `row ${i} differs in ${column}`;
    }
  }
  return undefined;
};

const attempt = <Result>(task: () => Result): Result | undefined => {
  try {
    return task();
  } catch {
    return undefined;
  }
};
