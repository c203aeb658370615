import { describe, expect, it } from 'vitest';
import { fitted, type MessageAttributes } from './message-attributes.ts';

const SPAN = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const STATE = 'whence=AZOk1d9FcBqXh0m2n3o4pQ.k1.Q2hhbGxlbmdlMTIz';
const CARRIER = { traceparent: SPAN, tracestate: STATE };
const BYTES_OF_STATE = 'tracestateString'.length + STATE.length;
const BYTES_OF_SPAN = 'traceparentString'.length + SPAN.length;
const KIB_256 = 256 << 10;

const own = (count: number): MessageAttributes =>
  Object.fromEntries(
    Array.from({ length: count }, (_, at) => [`own-${at}`, { DataType: 'Number', StringValue: '1' }]),
  );
const bodyOf = (bytes: number) => ({ attributes: undefined, texts: ['x'.repeat(bytes)] });
const added = (attributes: MessageAttributes | undefined): string[] =>
  Object.keys(attributes ?? {}).filter((name) => !name.startsWith('own'));

describe('attributes of a message', () => {
  it.each([
    [0, ['tracestate', 'traceparent'], 0],
    [8, ['tracestate', 'traceparent'], 0],
    [9, ['tracestate'], 0],
    [10, [], 1],
  ])('beside %i of the caller', (count, expected, without) => {
    const given = own(count);
    const fit = fitted([{ attributes: given, texts: ['body'] }], CARRIER);
    expect(added(fit.attributes[0])).toEqual(expected);
    expect(fit.without).toBe(without);
    expect(Object.keys(given)).toHaveLength(count);
  });

  it('are text, as SQS takes it', () => {
    expect(fitted([bodyOf(1)], CARRIER).attributes[0]).toEqual({
      traceparent: { DataType: 'String', StringValue: SPAN },
      tracestate: { DataType: 'String', StringValue: STATE },
    });
  });

  it.each([
    ['the reference before the span', STATE, ['tracestate']],
    ['the span, where there is no reference', 'other=1', ['traceparent']],
    ['no empty tracestate, which SQS refuses', '', ['traceparent']],
  ])('in the last place: %s', (_which, tracestate, expected) => {
    const fit = fitted([{ attributes: own(9), texts: [] }], { traceparent: SPAN, tracestate });
    expect(added(fit.attributes[0])).toEqual(expected);
    expect(fit.without).toBe(0);
  });

  it('replace those of a message that is passed on', () => {
    const received = {
      ...own(8),
      traceparent: { DataType: 'String', StringValue: 'theirs' },
      tracestate: { DataType: 'String', StringValue: 'whence=of-another' },
    };
    const before = structuredClone(received);
    const [attributes] = fitted([{ attributes: received, texts: [] }], CARRIER).attributes;
    expect(attributes).toMatchObject({
      traceparent: { StringValue: SPAN },
      tracestate: { StringValue: STATE },
    });
    const [ofNobody] = fitted([{ attributes: received, texts: [] }], { traceparent: SPAN }).attributes;
    expect(added(ofNobody)).toEqual(['traceparent']);
    expect(received).toEqual(before);
  });

  it('are none where no span is active', () => {
    expect(fitted([bodyOf(3)], { traceparent: '' })).toEqual({ attributes: [undefined], without: 0 });
  });
});

describe('the length of a message', () => {
  it.each([
    ['room for both', KIB_256 - BYTES_OF_STATE - BYTES_OF_SPAN, ['tracestate', 'traceparent'], 0],
    ['a byte less', KIB_256 - BYTES_OF_STATE - BYTES_OF_SPAN + 1, ['tracestate'], 0],
    ['room for the reference', KIB_256 - BYTES_OF_STATE, ['tracestate'], 0],
    ['room for nothing', KIB_256 - BYTES_OF_STATE + 1, [], 1],
    ['a queue that allows a megabyte', KIB_256 + 1, ['tracestate', 'traceparent'], 0],
    ['the end of that megabyte', (1 << 20) - 1, [], 1],
    ['what no queue takes', (1 << 20) + 1, [], 1],
  ])('%s', (_which, bytes, expected, without) => {
    const fit = fitted([bodyOf(bytes)], CARRIER);
    expect([added(fit.attributes[0]), fit.without]).toEqual([expected, without]);
  });

  it('is in bytes, with all that counts', () => {
    const message = {
      attributes: { 'own-1': { DataType: 'Binary', BinaryValue: new Uint8Array(100) } },
      texts: ['é'.repeat((KIB_256 - BYTES_OF_STATE - 'own-1Binary'.length - 100) / 2), undefined],
    };
    expect(added(fitted([message], CARRIER).attributes[0])).toEqual(['tracestate']);
    message.texts.push('e');
    expect(added(fitted([message], CARRIER).attributes[0])).toEqual([]);
  });
});

describe('a batch', () => {
  it('gives the reference to every message before the span to any', () => {
    const room = 3 * BYTES_OF_STATE + BYTES_OF_SPAN;
    const fit = fitted([bodyOf(KIB_256 - room - 2), bodyOf(1), bodyOf(1)], CARRIER);
    expect(fit.attributes.map(added)).toEqual([
      ['tracestate', 'traceparent'],
      ['tracestate'],
      ['tracestate'],
    ]);
  });

  it('is made no longer than its limit, and says how many went without', () => {
    const fit = fitted([bodyOf(KIB_256 - BYTES_OF_STATE - 2), bodyOf(1), bodyOf(1)], CARRIER);
    expect(fit.attributes.map(added)).toEqual([['tracestate'], [], []]);
    expect(fit.without).toBe(2);
  });
});
