import { createTraceState, type SpanContext, TraceFlags } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { commentOf, withComment } from './sql-comment.ts';

const span = (traceState?: string): SpanContext => ({
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: TraceFlags.SAMPLED,
  ...(traceState === undefined ? {} : { traceState: createTraceState(traceState) }),
});
const PARENT = "traceparent='00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'";

describe('commentOf', () => {
  it.each([
    [
      'full',
      "whence=a.k.m,dd=s:1;t!('x')",
      `${PARENT},tracestate='whence%3Da.k.m%2Cdd%3Ds%3A1%3Bt%21%28%27x%27%29'`,
    ],
    ['full', undefined, PARENT],
    ['run', 'whence=a.k.m,dd=s:1', "tracestate='whence%3Da.k.m'"],
    ['run', 'dd=s:1', undefined],
    ['off', 'whence=a.k.m', undefined],
  ] as const)('%s of %s is %s', (mode, traceState, comment) => {
    expect(commentOf(span(traceState), mode)).toBe(comment);
  });

  it('is none of a span that is none', () => {
    const none = { ...span(), traceId: '0'.repeat(32) };
    expect(commentOf(none, 'full')).toBeUndefined();
  });
});

describe('withComment', () => {
  it.each([
    ['SELECT 1', 'SELECT 1 /*c*/'],
    ['SELECT 1;\n', 'SELECT 1 /*c*/;\n'],
    ['BEGIN; COMMIT ; ;', 'BEGIN; COMMIT /*c*/ ; ;'],
    ['/* hint */ SELECT 1', '/* hint */ SELECT 1 /*c*/'],
    ['SELECT 1 -- why', 'SELECT 1 -- why\n/*c*/'],
    ["SELECT '--'", "SELECT '--'\n/*c*/"],
    ['SELECT 1 # why;', 'SELECT 1 # why\n/*c*/;'],
    ['-- why\nSELECT 1', '-- why\nSELECT 1 /*c*/'],
    ["SELECT 1 /*traceparent='00'*/", "SELECT 1 /*traceparent='00'*/"],
    [' ;', ' ;'],
    ['', ''],
  ])('%j becomes %j', (sql, commented) => {
    expect(withComment(sql, 'c')).toBe(commented);
  });
});
