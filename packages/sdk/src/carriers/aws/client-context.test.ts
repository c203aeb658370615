import { describe, expect, it } from 'vitest';
import { withClientContext } from './client-context.ts';

const CARRIER = {
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  tracestate: 'whence=AZOk1d9FcBqXh0m2n3o4pQ.k1.Q2hhbGxlbmdlMTIz',
};
const encoded = (context: unknown): string => Buffer.from(JSON.stringify(context)).toString('base64');
const contextIn = (answer: ReturnType<typeof withClientContext>) => {
  if (answer.status !== 'carried') throw new Error(answer.status);
  expect(answer.clientContext.length).toBeLessThanOrEqual(3583);
  return JSON.parse(Buffer.from(answer.clientContext, 'base64').toString('utf8'));
};

describe('client context', () => {
  it.each([undefined, '', encoded({})])('has the carrier where there was %j', (given) => {
    expect(contextIn(withClientContext(given, CARRIER))).toEqual({ custom: CARRIER });
  });

  it('keeps what the caller has there', () => {
    const given = { client: { app_title: 'é' }, env: { locale: 'de' }, custom: { tenant: 'acme' } };
    expect(contextIn(withClientContext(encoded(given), CARRIER))).toEqual({
      ...given,
      custom: { tenant: 'acme', ...CARRIER },
    });
  });

  it('has both, then the reference alone, then nothing, as room gets less, and is never too long', () => {
    const seen = new Map<string, number>();
    for (let length = 2400; length < 2700; length += 1) {
      const answer = withClientContext(encoded({ custom: { own: 'x'.repeat(length) } }), CARRIER);
      const { own, ...fields } = answer.status === 'carried' ? contextIn(answer).custom : { own: '' };
      const shape = answer.status === 'carried' ? Object.keys(fields).join() : answer.status;
      seen.set(shape, (seen.get(shape) ?? 0) + 1);
      if (answer.status === 'carried') expect(own).toHaveLength(length);
    }
    expect([...seen.keys()]).toEqual(['traceparent,tracestate', 'tracestate', 'no_room']);
  });

  it('has it in place of one that is passed on', () => {
    const given = encoded({ custom: { tenant: 'acme', traceparent: 'theirs', tracestate: 'whence=theirs' } });
    expect(contextIn(withClientContext(given, { traceparent: CARRIER.traceparent }))).toEqual({
      custom: { tenant: 'acme', traceparent: CARRIER.traceparent },
    });
  });

  it.each(['not base64 of JSON', encoded('text'), encoded([1]), encoded({ custom: 'text' })])(
    'is left where it cannot be added to: %s',
    (given) => {
      expect(withClientContext(given, CARRIER)).toEqual({ status: 'unreadable' });
    },
  );
});
