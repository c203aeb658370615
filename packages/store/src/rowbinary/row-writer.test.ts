import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RowReader } from './row-reader.ts';
import { RowWriter } from './row-writer.ts';

describe('golden bytes', () => {
  it.each<[string, (writer: RowWriter) => void, string]>([
    ['a string', (writer) => writer.string('é'), '02c3a9'],
    ['an empty string', (writer) => writer.string(''), '00'],
    ['a length of two bytes', (writer) => writer.varint(300), 'ac02'],
    ['the largest length', (writer) => writer.varint(0xffff_ffff), 'ffffffff0f'],
    ['UInt32', (writer) => writer.uint32(0x01020304), '04030201'],
    ['UInt64', (writer) => writer.uint64(0x05060708, 0x01020304), '0807060504030201'],
    ['DateTime64(3)', (writer) => writer.millis(1_700_000_000_123), '7b68e5cf8b010000'],
    [
      'a UUID',
      (writer) => writer.uuid(Buffer.from('61f0c404-5cb3-11e7-907b-a6006ad3dba0'.replaceAll('-', ''), 'hex')),
      // ClickHouse keeps each half little-endian.
      'e711b35c04c4f061a0dbd36a00a67b90',
    ],
  ])('%s', (_name, write, hex) => {
    const writer = new RowWriter();
    write(writer);
    expect(Buffer.from(writer.written()).toString('hex')).toBe(hex);
  });
});

it('a number that is no UInt32 is refused, not cut', () => {
  const writer = new RowWriter();
  writer.uint32(0xffff_ffff);
  expect(() => writer.uint32(0x1_0000_0000)).toThrow(RangeError);
  expect(Buffer.from(writer.written()).toString('hex')).toBe('ffffffff');
});

describe('range', () => {
  it('copies any range of any source, of any length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), fc.nat(300), (source, a, b) => {
        const [start, end] = [Math.min(a, b, source.length), Math.min(Math.max(a, b), source.length)];
        const writer = new RowWriter();
        writer.uint8(7);
        writer.reserve(end - start);
        writer.range(source, new DataView(source.buffer, source.byteOffset, source.length), start, end);
        expect(writer.written().slice(1)).toEqual(source.slice(start, end));
      }),
    );
  });
});

describe('growth', () => {
  it('keeps what was written', () => {
    const writer = new RowWriter();
    const text = 'x'.repeat(50_000);
    for (let i = 0; i < 10; i++) writer.string(text);
    const reader = new RowReader(writer.copyOut());
    for (let i = 0; i < 10; i++) expect(reader.value('String')).toBe(text);
    expect(reader.done).toBe(true);
  });
});

describe('reader', () => {
  it('says where a row ends too early, for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
        const reader = new RowReader(bytes);
        try {
          while (!reader.done) reader.value('Map(LowCardinality(String), String)');
        } catch (error) {
          expect(error).toMatchObject({ code: 'row_malformed' });
        }
      }),
    );
  });
});
