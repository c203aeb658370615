import { newRunId } from '@whence/model';
import { type SpanEvidence, spanKey } from '@whence/store';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newRun } from '../lineage/graph.fixture.ts';
import { drawnGraph, evidenceOfDrawn, RUNS } from './drawn-graph.fixture.ts';
import { evidenceOf } from './evidence.ts';
import { attributionRules, HOPS_MAX } from './rules.ts';
import type { Verdict } from './verdict.ts';

const T = 'a'.repeat(32);
const OTHER = 'b'.repeat(32);
const id = (of: number): string => of.toString(16).padStart(16, '0');
const run = { id: newRunId(), path: [] };
const otherRun = { id: newRunId(), path: [] };

const span = (of: number, more: Partial<SpanEvidence> = {}): SpanEvidence => ({
  traceId: T,
  spanId: id(of),
  kind: 'internal',
  witness: 'sdk',
  reference: 'none',
  opensRun: false,
  inDoubt: false,
  isMark: false,
  contested: false,
  links: [],
  facts: {
    ...{ startNanos: 0n, serviceName: '', statusCode: '', system: '', operation: '', target: '' },
    ...{ witness: 'sdk', actor: '', seenNanos: 0n },
  },
  ...more,
});

const under = (of: number) => ({ parentSpanId: id(of) });
const verified = (of: number, more: Partial<SpanEvidence> = {}): SpanEvidence =>
  span(of, { reference: 'verified', run, ...more });
const to = (of: number, kind: SpanEvidence['links'][number]['kind'] = 'message', traceId = OTHER) => ({
  traceId,
  spanId: id(of),
  kind,
});
const elsewhere = { traceId: OTHER };

const rulesOf = (spans: readonly SpanEvidence[]): ((of: SpanEvidence) => Verdict) =>
  attributionRules(evidenceOf(Map.groupBy(spans, ({ traceId }) => traceId)));

/** Of the last span: `2 parent` (steps and way), or why not. */
const verdict = (...spans: readonly SpanEvidence[]): string => {
  const found = rulesOf(spans)(spans.at(-1)!);
  switch (found.status) {
    case 'own':
      return 'own';
    case 'inherited':
      return `${found.hops} ${found.via}`;
    case 'not_inherited':
      return found.because;
  }
};

describe('by parents', () => {
  test('from the nearest that is verified', () => {
    expect(verdict(verified(1), span(2, under(1)))).toBe('1 parent');
    expect(verdict(verified(1), span(2, under(1)), span(3, under(2)))).toBe('2 parent');
    const nearer = verified(2, { ...under(1), run: otherRun });
    const found = rulesOf([verified(1), nearer, span(3, under(2))])(span(3, under(2)));
    expect(found).toMatchObject({ status: 'inherited', source: { run: otherRun }, hops: 1 });
  });

  test.each([
    ['refuted', { reference: 'refuted' }],
    ['asserted', { reference: 'asserted' }],
    ['in_doubt', { inDoubt: true }],
    ['contested', { contested: true }],
    ['own_work', { opensRun: true }],
    ['own_work', { links: [to(9, 'handoff')] }],
    ['own_work', { links: [to(9, 'schedule')] }],
    ['own_work', { links: [to(9, 'call')] }],
    ['mark', { isMark: true }],
  ] as const)('never through one that is %s', (why, more) => {
    expect(verdict(verified(1), span(2, { ...under(1), ...more }), span(3, under(2)))).toBe(why);
    expect(verdict(verified(1), span(2, under(1)), span(3, { ...under(2), ...more }))).toBe(
      why === 'refuted' || why === 'asserted' ? 'own' : why,
    );
  });

  test('never from a verified one in doubt, or of which records contradict each other', () => {
    expect(verdict(verified(1, { inDoubt: true }), span(2, under(1)))).toBe('in_doubt');
    expect(verdict(verified(1, { contested: true }), span(2, under(1)))).toBe('contested');
  });

  test('not over a parent that is missing, whatever else the trace holds', () => {
    expect(verdict(verified(1), span(3, under(2)))).toBe('parent_missing');
    expect(verdict(verified(1, elsewhere), span(2, under(1)))).toBe('parent_missing');
    expect(verdict(verified(1), span(2))).toBe('nothing_above');
  });

  test('circles end it', () => {
    expect(verdict(span(1, under(1)))).toBe('cycle');
    expect(verdict(span(1, under(2)), span(2, under(1)), span(3, under(2)))).toBe('cycle');
  });

  test('as deep as there are steps, without recursion, and no further than is followed', () => {
    const chain = [verified(0), ...Array.from({ length: 50_000 }, (_, of) => span(of + 1, under(of)))];
    const rules = rulesOf(chain);
    expect(rules(chain[50_000]!)).toMatchObject({ because: 'too_far' });
    expect(rules(chain[HOPS_MAX]!)).toMatchObject({ status: 'inherited', hops: HOPS_MAX });
    expect(rules(chain[HOPS_MAX + 1]!)).toMatchObject({ because: 'too_far' });
  });
});

describe('by links', () => {
  const cause = verified(9, { ...elsewhere, kind: 'producer' });

  test('from the top of a trace, to whom its work goes on with', () => {
    expect(verdict(cause, span(1, { links: [to(9)] }))).toBe('1 link');
    expect(verdict(cause, span(1, { links: [to(9, 'spawn')] }), span(2, under(1)))).toBe('2 link');
    expect(verdict(cause, span(1, { links: [to(9, 'link')] }))).toBe('nothing_above');
    expect(verdict(cause, span(1, { links: [to(9, 'approval')] }))).toBe('nothing_above');
    expect(verdict(cause, span(1, { links: [to(9, 'retry')] }))).toBe('nothing_above');
  });

  test('to a cause that itself inherits', () => {
    const spans = [
      verified(7, elsewhere),
      span(8, { ...elsewhere, ...under(7) }),
      span(1, { links: [to(8)] }),
    ];
    expect(verdict(...spans)).toBe('2 link');
  });

  test('several must lead to one run, and all of them must be there', () => {
    const same = verified(8, elsewhere);
    const other = verified(7, { ...elsewhere, run: otherRun });
    const nobody = span(6, elsewhere);
    expect(verdict(cause, same, span(1, { links: [to(9), to(8)] }))).toBe('1 link');
    expect(verdict(cause, other, span(1, { links: [to(9), to(7)] }))).toBe('several_causes');
    expect(verdict(cause, nobody, span(1, { links: [to(9), to(6)] }))).toBe('nothing_above');
    expect(verdict(cause, span(1, { links: [to(9), to(5)] }))).toBe('cause_missing');
    expect(verdict(cause, other, span(1, { links: [to(9), to(7, 'approval')] }))).toBe('1 link');
    expect(verdict(cause, other, span(1, { links: [to(9), to(7, 'link')] }))).toBe('several_causes');
    expect(verdict(cause, same, span(1, { links: [to(9), to(8, 'link'), to(5, 'link')] }))).toBe('1 link');
    const many = Array.from({ length: 129 }, () => to(9));
    expect(verdict(cause, span(1, { links: many.slice(1) }))).toBe('1 link');
    expect(verdict(cause, span(1, { links: many }))).toBe('several_causes');
  });

  test('below a parent they must lead to its run', () => {
    const other = verified(7, { ...elsewhere, run: otherRun });
    expect(verdict(cause, verified(1), span(2, { ...under(1), links: [to(9)] }))).toBe('1 parent');
    expect(verdict(other, verified(1), span(2, { ...under(1), links: [to(7)] }))).toBe('several_causes');
    expect(verdict(other, verified(1), span(2, { ...under(1), links: [to(7, 'link')] }))).toBe(
      'several_causes',
    );
    expect(verdict(verified(1), span(2, { ...under(1), links: [to(7)] }))).toBe('cause_missing');
  });

  test('circles over links end it, from wherever one looks', () => {
    const there = span(1, { links: [to(2)] });
    const back = span(2, { ...elsewhere, links: [to(1, 'message', T)] });
    expect(verdict(there, back)).toBe('cycle');
    expect(verdict(back, there)).toBe('cycle');
    expect(verdict(span(1, { links: [to(1, 'message', T)] }))).toBe('nothing_above');
  });
});

describe('who sent it', () => {
  const a = { actor: 'spiffe://demo/a' };
  const b = { actor: 'spiffe://demo/b' };

  test('another workload: only where a call or message went there', () => {
    expect(verdict(verified(1, a), span(2, { ...under(1), ...a }))).toBe('1 parent');
    expect(verdict(verified(1, a), span(2, { ...under(1), ...b }))).toBe('other_sender');
    expect(verdict(verified(1, a), span(2, under(1)))).toBe('other_sender');
    expect(verdict(verified(1, { ...a, kind: 'client' }), span(2, { ...under(1), ...b }))).toBe(
      'other_sender',
    );
    expect(
      verdict(verified(1, { ...a, kind: 'client' }), span(2, { ...under(1), ...b, kind: 'server' })),
    ).toBe('1 parent');
    expect(
      verdict(verified(1, { ...a, kind: 'producer' }), span(2, { ...under(1), ...b, kind: 'consumer' })),
    ).toBe('1 parent');
    expect(verdict(verified(1, a), span(2, { ...under(1), ...b, kind: 'server' }))).toBe('other_sender');
  });

  test('over links as well', () => {
    const sent = verified(9, { ...elsewhere, ...a });
    expect(verdict(sent, span(1, { ...b, links: [to(9)] }))).toBe('other_sender');
    expect(verdict({ ...sent, kind: 'producer' }, span(1, { ...b, links: [to(9)] }))).toBe('1 link');
  });

  test('the gateway on the connection has seen it for itself', () => {
    expect(verdict(verified(1, a), span(2, { ...under(1), ...b, witness: 'gateway' }))).toBe('1 parent');
  });

  test('one call arrives once', () => {
    const call = verified(1, { ...a, kind: 'client' });
    const arrival = { ...under(1), ...b, kind: 'server' } as const;
    expect(verdict(call, span(2, arrival), span(3, arrival))).toBe('several_arrivals');
    expect(verdict(call, verified(2, arrival), span(3, arrival))).toBe('several_arrivals');
    expect(verdict(call, span(2, { ...under(1), ...a }), span(3, arrival))).toBe('1 parent');
    const sent = verified(1, { ...a, kind: 'producer' });
    const received = { ...under(1), ...b, kind: 'consumer' } as const;
    expect(verdict(sent, span(2, received), span(3, received))).toBe('1 parent');
  });

  test('is said where it was more than one', () => {
    const call = verified(1, { ...a, kind: 'client' });
    const served = span(2, { ...under(1), ...b, kind: 'server' });
    const inside = span(3, { ...under(2), ...b });
    const rules = rulesOf([call, served, inside]);
    expect(rules(inside)).toMatchObject({ status: 'inherited', crossesSenders: true });
    const own = span(4, { ...under(1), ...a });
    expect(rulesOf([call, own])(own)).toMatchObject({ crossesSenders: false });
  });
});

test('a trace that was not read is not one that holds nothing', () => {
  const asked = span(1, { links: [to(9)] });
  const rules = attributionRules(evidenceOf(new Map([[T, [asked]]]), new Set([OTHER])));
  expect(rules(asked)).toMatchObject({ because: 'too_large' });
});

describe('of any graph', () => {
  const names = { prefix: 'c'.repeat(28), runs: Array.from({ length: RUNS }, () => newRun()) };
  const told = (found: Verdict): string =>
    found.status === 'inherited' ? `${spanKey(found.source)} ${found.hops} ${found.via}` : found.status;

  test('nothing inherits from anything but a verified action that is not in doubt, and what has a reference keeps it', () => {
    fc.assert(
      fc.property(drawnGraph, (drawn) => {
        const spans = drawn.map((each) => evidenceOfDrawn(each, names));
        const rules = rulesOf(spans);
        for (const each of spans) {
          const found = rules(each);
          expect(found.status === 'own').toBe(each.reference !== 'none');
          if (found.status !== 'inherited') continue;
          expect(found.source).toMatchObject({ reference: 'verified', inDoubt: false, contested: false });
          expect([each.inDoubt, each.contested, each.opensRun]).toEqual([false, false, false]);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('it does not matter in which order spans came, or which is asked about first', () => {
    fc.assert(
      fc.property(
        drawnGraph.chain((drawn) =>
          fc.tuple(fc.constant(drawn), fc.shuffledSubarray(drawn, { minLength: drawn.length })),
        ),
        ([drawn, shuffled]) => {
          const spans = drawn.map((each) => evidenceOfDrawn(each, names));
          const others = shuffled.map((each) => evidenceOfDrawn(each, names));
          const expected = new Map(spans.map((each) => [spanKey(each), told(rulesOf(spans)(each))]));
          const rules = rulesOf(others);
          for (const each of others) expect(told(rules(each))).toBe(expected.get(spanKey(each)));
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('they agree with the same rules written down naively', () => {
    fc.assert(
      fc.property(drawnGraph, (drawn) => {
        const spans = drawn.map((each) => evidenceOfDrawn(each, names));
        const rules = rulesOf(spans);
        for (const each of spans) {
          if (each.reference !== 'none') continue;
          const found = rules(each);
          expect(found.status === 'inherited' ? found.source.run.id : undefined).toBe(naive(spans, each, []));
        }
      }),
      { numRuns: 2000 },
    );
  });
});

/** The run that a span belongs to or inherits: every sentence of the rules once, by recursion along every way up. */
const naive = (
  spans: readonly SpanEvidence[],
  span: SpanEvidence,
  way: readonly SpanEvidence[],
): string | undefined => {
  if (way.includes(span) || span.contested || span.inDoubt) return undefined;
  if (span.reference === 'verified') return span.run?.id;
  if (span.reference !== 'none' || span.opensRun) return undefined;
  const find = (traceId: string, spanId: string | undefined) =>
    spans.find((other) => other.traceId === traceId && other.spanId === spanId);
  const links = span.links.filter((link) => link.traceId !== span.traceId || link.spanId !== span.spanId);
  if (links.some(({ kind }) => kind === 'handoff' || kind === 'schedule' || kind === 'call'))
    return undefined;
  const causes = [
    ...(span.parentSpanId === undefined ? [] : [[find(span.traceId, span.parentSpanId), 'parent'] as const]),
    ...links
      .filter(({ kind }) => kind === 'message' || kind === 'spawn')
      .map((link) => [find(link.traceId, link.spanId), 'link'] as const),
  ];
  const runs = causes.map(([cause, by]) => {
    if (cause === undefined) return undefined;
    const arrivals = spans.filter(
      (other) =>
        other.traceId === cause.traceId &&
        other.parentSpanId === cause.spanId &&
        other.kind === 'server' &&
        other.witness !== 'gateway',
    );
    if (span.witness !== 'gateway') {
      const isSent = cause.kind === 'client' || cause.kind === 'producer';
      const isReceived = by === 'link' || span.kind === 'server' || span.kind === 'consumer';
      if (cause.actor !== span.actor && !(isSent && isReceived)) return undefined;
      if (by === 'parent' && cause.kind === 'client' && span.kind === 'server' && arrivals.length > 1)
        return undefined;
    }
    return naive(spans, cause, [...way, span]);
  });
  const [first] = runs;
  if (first === undefined || runs.some((each) => each !== first)) return undefined;
  const contradicts = links.some(({ kind, traceId, spanId }) => {
    const other = find(traceId, spanId);
    return kind === 'link' && other?.reference === 'verified' && other.run?.id !== first;
  });
  return contradicts ? undefined : first;
};
