import { TraceState } from '@opentelemetry/core';
import { formatReference, newRunId } from '@whence/model';
import { describe, expect, it } from 'vitest';
import { agreedRun, type Delivery, linksToAll } from './deliveries.ts';

const [a, b] = [newRunId(), newRunId()].map((runId) => formatReference({ runId }));
const delivery = (reference?: string, spanId = '1', kind: 'message' | 'schedule' = 'message'): Delivery => ({
  cause: {
    kind,
    spanContext: {
      traceId: '1'.repeat(32),
      spanId: spanId.repeat(16),
      traceFlags: 1,
      ...(reference && { traceState: new TraceState(`whence=${reference}`) }),
    },
  },
});
const all = (...given: readonly Delivery[]) => new Map(given.map((each, index) => [`${index}`, each]));

describe('the run that all messages agree on', () => {
  it.each([
    ['one run', all(delivery(a), delivery(a)), a],
    ['two runs', all(delivery(a), delivery(b)), undefined],
    ['one run and nobody', all(delivery(a), delivery()), undefined],
    ['nobody and one run', all(delivery(), delivery(a)), undefined],
    ['one run and no cause', all(delivery(a), { cause: undefined }), undefined],
    [
      'ticks of what one run armed',
      all(delivery(a, '2', 'schedule'), delivery(a, '3', 'schedule')),
      undefined,
    ],
    ['a reference that is none', all(delivery('x')), undefined],
    ['none at all', all(), undefined],
  ])('of %s', (_, deliveries, run) => {
    expect(agreedRun(deliveries)?.reference).toBe(run);
  });
});

it('links once to each span that sent any of them', () => {
  const links = linksToAll(all(delivery(a, '1'), delivery(a, '1'), delivery(b, '2'), { cause: undefined }));
  expect(links.map(({ context }) => context.spanId)).toEqual(['1'.repeat(16), '2'.repeat(16)]);
});
