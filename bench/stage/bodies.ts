import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { payload } from '../codec/payload.ts';

export const SPANS_PER_REQUEST = 1_000;
export const ATTRIBUTES_PER_SPAN = 10;
/** Different ids in each, so that nothing is fast because it was seen before. */
const BODIES = 8;

/** Request bodies on disk, for whoever sends them. */
export interface Bodies {
  readonly plain: readonly string[];
  readonly gzip: readonly string[];
  readonly bytesPerSpan: number;
  readonly gzipBytesPerSpan: number;
}

export const writeBodies = (directory: string, traceStates: readonly string[]): Bodies => {
  const plain: string[] = [];
  const gzip: string[] = [];
  let bytes = 0;
  let gzipBytes = 0;
  for (let i = 0; i < BODIES; i++) {
    const body = payload(SPANS_PER_REQUEST, traceStates);
    const small = gzipSync(body);
    plain.push(join(directory, `${i}.otlp`));
    gzip.push(join(directory, `${i}.otlp.gz`));
    writeFileSync(plain[i]!, body);
    writeFileSync(gzip[i]!, small);
    bytes += body.length;
    gzipBytes += small.length;
  }
  const spans = BODIES * SPANS_PER_REQUEST;
  return { plain, gzip, bytesPerSpan: bytes / spans, gzipBytesPerSpan: gzipBytes / spans };
};
