import { createTraceState, type SpanContext, TraceFlags } from '@opentelemetry/api';
import { formatReference, newRunId } from '@whence/model';
import { describe, expect, it } from 'vitest';
import { closeNamedPortals, portalOf } from './pg-portal.ts';

const REFERENCE = formatReference({ runId: newRunId(), proof: { kid: 'k1234567', mac: 'a'.repeat(16) } });
const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const span = (traceState?: string): SpanContext => ({
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: TraceFlags.SAMPLED,
  ...(traceState === undefined ? {} : { traceState: createTraceState(traceState) }),
});

describe('portalOf', () => {
  it.each([
    ['full', `whence=${REFERENCE},dd=s:1`, `whence=${REFERENCE},${PARENT}`],
    ['full', undefined, PARENT],
    ['run', `whence=${REFERENCE},dd=s:1`, `whence=${REFERENCE}`],
    ['run', undefined, undefined],
    ['off', `whence=${REFERENCE}`, undefined],
  ] as const)('%s of %s is %s', (mode, traceState, portal) => {
    expect(portalOf(span(traceState), mode)).toBe(portal);
  });

  it('has the longest reference whole in what the server keeps of a name', () => {
    expect(portalOf(span(`whence=${REFERENCE}`), 'full')!.slice(0, 63)).toContain(`whence=${REFERENCE},`);
  });
});

describe('closeNamedPortals', () => {
  it('names none where queries are not made as expected', () => {
    expect(closeNamedPortals(undefined)).toBe(false);
    expect(closeNamedPortals(class {})).toBe(false);
  });
});
