import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeIndexRecord,
  encodeIndexRecord,
  INDEX_RECORD_BYTES,
  type IndexRecord,
} from './segment-index.ts';

const UINT32_MAX = 2 ** 32 - 1;
/** What the configuration allows a spool to hold, and so a segment to which no successor can be created. */
const SPOOL_MAX_BYTES = 2 ** 50;
/** The last moment of a Date. */
const TIME_MAX_MILLIS = 8.64e15;

const LARGEST: IndexRecord = {
  rows: UINT32_MAX,
  offset: SPOOL_MAX_BYTES,
  length: 2 ** 31 - 1,
  receivedAtMillis: TIME_MAX_MILLIS,
  crcBefore: UINT32_MAX,
  crcAfter: UINT32_MAX,
};

const through = (record: IndexRecord): IndexRecord | undefined =>
  decodeIndexRecord(encodeIndexRecord(record));

describe('a record of the index', () => {
  it('holds the largest numbers that there can be, and every one below them', () => {
    expect(through(LARGEST)).toEqual(LARGEST);
    expect(encodeIndexRecord(LARGEST)).toHaveLength(INDEX_RECORD_BYTES);
    const record = fc.record({
      rows: fc.integer({ min: 0, max: UINT32_MAX }),
      offset: fc.integer({ min: 0, max: SPOOL_MAX_BYTES }),
      length: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
      receivedAtMillis: fc.integer({ min: 0, max: TIME_MAX_MILLIS }),
      crcBefore: fc.integer({ min: 0, max: UINT32_MAX }),
      crcAfter: fc.integer({ min: 0, max: UINT32_MAX }),
    });
    fc.assert(
      fc.property(record, (each) => {
        expect(through(each)).toEqual(each);
      }),
    );
  });

  it.each(['rows', 'crcBefore', 'crcAfter'] as const)('%s beyond 32 bits are refused, not cut', (field) => {
    expect(() => encodeIndexRecord({ ...LARGEST, [field]: UINT32_MAX + 1 })).toThrow(RangeError);
  });
});
