import { getHeapStatistics } from 'node:v8';
import { afterAll, describe, expect, it } from 'vitest';
import { JsonReader } from './json-reader.ts';
import { protobufFromJson } from './json-request.ts';

const reader = new JsonReader();
afterAll(() => reader.close());

const spans = (name: string, count: number): Buffer =>
  Buffer.from(
    JSON.stringify({
      resourceSpans: [
        {
          scopeSpans: [
            {
              spans: Array.from({ length: count }, (_, i) => ({
                traceId: '0af7651916cd43dd8448eb211c80319c',
                spanId: (i + 1).toString(16).padStart(16, '0'),
                name,
              })),
            },
          ],
        },
      ],
    }),
  );

const SMALL = spans('small', 1);
const LARGE = spans('large', 10_000);

describe('a reader of OTLP/JSON', () => {
  it('reads a small body at once, and a large one elsewhere, to the same', async () => {
    expect(reader.read(SMALL)).toEqual(protobufFromJson(SMALL.toString()));
    const elsewhere = reader.read(LARGE);
    expect(elsewhere).toBeInstanceOf(Promise);
    expect(Buffer.from(await elsewhere).equals(protobufFromJson(LARGE.toString()))).toBe(true);
  });

  it('answers each body with its own, also where one of them is malformed', async () => {
    const other = spans('other', 9_000);
    const broken = Buffer.concat([LARGE, Buffer.from('}')]);
    const [first, second, third] = await Promise.allSettled(
      [LARGE, broken, other].map((each) => reader.read(each)),
    );
    expect(first).toMatchObject({ status: 'fulfilled' });
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'otlp_malformed' } });
    expect(Buffer.from((third as PromiseFulfilledResult<Uint8Array>).value)).toEqual(
      Buffer.from(protobufFromJson(other.toString())),
    );
  });

  it('leaves the body as it was', async () => {
    const body = Buffer.concat([Buffer.from(' '), LARGE]).subarray(1);
    await reader.read(body);
    expect(body.equals(LARGE)).toBe(true);
  });

  it('refuses a body whose values do not fit into memory, before it is too late', async () => {
    const { heap_size_limit: heap } = getHeapStatistics();
    // Each empty object is three characters here, and many times that in memory.
    const hungry = Buffer.alloc(Math.min(heap / 50, 256 << 20), '{},');
    await expect(reader.read(hungry)).rejects.toMatchObject({
      code: 'otlp_malformed',
      message: expect.stringContaining('send smaller batches'),
    });
    expect(Buffer.from(await reader.read(LARGE)).equals(protobufFromJson(LARGE.toString()))).toBe(true);
  });
});
