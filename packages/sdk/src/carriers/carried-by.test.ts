import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { carriedBy } from './carried-by.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const tracestate = 'other=1,whence=AZOk1d9FcBqXh0m2n3o4pQ';
const both = { traceparent, tracestate };

describe('carriedBy', () => {
  it.each([
    ['a carrier', both],
    [
      'headers that are bytes',
      { traceparent: Buffer.from(traceparent), tracestate: Buffer.from(tracestate) },
    ],
    ['headers spelled otherwise', { Traceparent: traceparent, TRACESTATE: tracestate }],
    ['a message of Kafka', { value: null, headers: both }],
    ['a message of RabbitMQ', { properties: { headers: both } }],
    ['a job of BullMQ', { data: {}, opts: { telemetry: { metadata: JSON.stringify(both) } } }],
    ['a job of pg-boss', { data: { accountId: 7, whence: both } }],
  ])('reads %s', (_, source) => {
    expect(carriedBy(source)).toEqual(both);
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['no carrier', { traceparent: undefined }],
    ['a run without a span', { tracestate }],
    ['a header twice', { traceparent: [traceparent, traceparent], tracestate }],
    ['a header in two spellings', { traceparent, Traceparent: traceparent, tracestate }],
    ['a number', { traceparent: 7 }],
    ['more than any carrier writes', { traceparent: traceparent.padEnd(9000) }],
    ['as many bytes', { traceparent: Buffer.alloc(9000, traceparent) }],
    ['metadata that is no JSON', { opts: { telemetry: { metadata: '{"traceparent":' } } }],
    ['metadata that is no object', { opts: { telemetry: { metadata: '7' } } }],
  ])('takes %s for nothing', (_, source) => {
    expect(carriedBy(source)).toEqual({});
  });

  it.each([
    ['two references', `whence=a,${tracestate}`],
    ['two references with blanks', `${tracestate} ,  whence=a`],
    ['a list', [tracestate]],
    ['a list of two', [tracestate, 'whence=a']],
    ['more than any carrier writes', tracestate.padEnd(9000)],
  ])('keeps the cause, and no run, of a tracestate that is %s', (_, odd) => {
    expect(carriedBy({ traceparent, tracestate: odd })).toEqual({ traceparent });
  });

  it('is never undone by what it reads', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (source, data) => {
        for (const place of [source, { headers: source }, { properties: source, data, opts: source }]) {
          carriedBy(place as object);
        }
      }),
    );
  });
});
