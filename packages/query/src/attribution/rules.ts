import type { SpanRef } from '@whence/model';
import { type EvidencedRun, type SpanEvidence, spanKey } from '@whence/store';
import type { Evidence } from './evidence.ts';
import { LINKS_FOLLOWED, linksOf } from './links-followed.ts';
import type { InheritedVerdict, NotInherited, Reason, Verdict } from './verdict.ts';

/** Steps from an action up to the verified one that it rests on. */
export const HOPS_MAX = 256;

type Source = SpanEvidence & { readonly run: EvidencedRun };

/** Whose work a span is: its own reference tells, or what brought it about, or nothing does. */
type Standing = { readonly status: 'verified'; readonly source: Source } | InheritedVerdict | NotInherited;

/** A step up: to the parent, or over a link. */
interface Step {
  readonly by: 'parent' | 'link';
  readonly to: SpanRef;
}

/** A span whose steps up are being looked at. */
interface Visit {
  readonly span: SpanEvidence;
  readonly steps: readonly Step[];
  readonly standings: Standing[];
}

/**
 * Whom actions without a reference can be attributed to. A pure function of the spans: neither the order in which they
 * arrived nor what was concluded before has a part in it.
 *
 * An action inherits from its parent, the top of a trace from what its links continue, as long as each on the way up
 * leaves no doubt: see `docs/decisions/018-what-is-inherited-and-what-is-not.md`.
 */
export const attributionRules = (evidence: Evidence): ((span: SpanEvidence) => Verdict) => {
  const known = new Map<string, Standing>();
  const open = new Set<string>();

  /** Without recursion: a trace may be as deep as it has spans. */
  const standingOf = (asked: SpanEvidence): Standing => {
    const visits: Visit[] = [];
    let answer = enter(asked, visits);
    while (visits.length > 0) {
      const visit = visits.at(-1)!;
      if (answer !== undefined) visit.standings.push(answer);
      const step = visit.steps[visit.standings.length];
      if (step !== undefined) {
        answer = climb(visit.span, step, visits);
        continue;
      }
      answer = conclude(evidence, visit);
      visits.pop();
      open.delete(spanKey(visit.span));
      known.set(spanKey(visit.span), answer);
    }
    return answer!;
  };

  const enter = (span: SpanEvidence, visits: Visit[]): Standing | undefined => {
    const key = spanKey(span);
    if (open.has(key)) return not('cycle', span);
    const before = known.get(key) ?? standingAlone(span);
    if (before !== undefined) return before;
    open.add(key);
    visits.push({ span, steps: stepsUp(span), standings: [] });
    return undefined;
  };

  const climb = (span: SpanEvidence, { by, to }: Step, visits: Visit[]): Standing | undefined => {
    const cause = evidence.spanOf(to);
    if (cause !== undefined) return enter(cause, visits);
    if (evidence.isUnread(to.traceId)) return not('too_large', to);
    return not(by === 'parent' ? 'parent_missing' : 'cause_missing', span);
  };

  return (span) => {
    if (span.reference !== 'none') return { status: 'own' };
    const standing = standingOf(span);
    return standing.status === 'verified' ? { status: 'own' } : standing;
  };
};

/** What a span's own record says, where that is enough. */
const standingAlone = (span: SpanEvidence): Standing | undefined => {
  if (span.contested) return not('contested', span);
  if (span.inDoubt) return not('in_doubt', span);
  switch (span.reference) {
    case 'verified':
      return span.run === undefined
        ? not('in_doubt', span)
        : { status: 'verified', source: { ...span, run: span.run } };
    case 'asserted':
    case 'refuted':
      return not(span.reference, span);
    case 'none':
      break;
  }
  if (span.isMark) return not('mark', span);
  if (span.opensRun || linksOf(span).beginsOwn) return not('own_work', span);
  if (span.links.length > LINKS_FOLLOWED) return not('several_causes', span);
  return stepsUp(span).length === 0 ? not('nothing_above', span) : undefined;
};

const stepsUp = (span: SpanEvidence): readonly Step[] => [
  ...(span.parentSpanId === undefined
    ? []
    : [{ by: 'parent', to: { traceId: span.traceId, spanId: span.parentSpanId } } as const]),
  ...linksOf(span).continued.map((to) => ({ by: 'link', to }) as const),
];

/** All steps up must lead to one run. The first of them is the way that is told. */
const conclude = (evidence: Evidence, { span, steps, standings }: Visit): Standing => {
  for (const [index, standing] of standings.entries()) {
    if (standing.status === 'not_inherited') return standing;
    const doubt = doubtOfStep(evidence, span, steps[index]!);
    if (doubt !== undefined) return not(doubt, span);
  }
  const [first, ...others] = standings as readonly Exclude<Standing, NotInherited>[];
  const runId = first!.source.run.id;
  if (others.some(({ source }) => source.run.id !== runId)) return not('several_causes', span);
  if (linksOf(span).unsaid.some((link) => leadsElsewhere(evidence.spanOf(link), runId))) {
    return not('several_causes', span);
  }
  const above = first!.status === 'inherited' ? first! : { hops: 0, via: 'parent', crossesSenders: false };
  if (above.hops >= HOPS_MAX) return not('too_far', span);
  const cause = evidence.spanOf(steps[0]!.to)!;
  return {
    status: 'inherited',
    source: first!.source,
    via: steps[0]!.by === 'link' || above.via === 'link' ? 'link' : 'parent',
    hops: above.hops + 1,
    crossesSenders: above.crossesSenders || cause.actor !== span.actor,
  };
};

/** A link that does not say what it is proves nothing, but speaks against what leads to another run. */
const leadsElsewhere = (cause: SpanEvidence | undefined, runId: string): boolean =>
  cause?.reference === 'verified' && cause.run?.id !== runId;

/**
 * That a span is below another is the word of whoever sent it. Of another sender's word only so much counts: that a
 * call or a message which left there has arrived here; and a call arrives once. The gateway on a connection has seen
 * that for itself.
 */
const doubtOfStep = (evidence: Evidence, span: SpanEvidence, { by, to }: Step): Reason | undefined => {
  const cause = evidence.spanOf(to)!;
  if (span.witness === 'gateway') return undefined;
  const leaves = cause.kind === 'client' || cause.kind === 'producer';
  const arrives = by === 'link' || span.kind === 'server' || span.kind === 'consumer';
  if (cause.actor !== span.actor && !(leaves && arrives)) return 'other_sender';
  if (by === 'parent' && cause.kind === 'client' && span.kind === 'server') {
    const arrived = evidence
      .childrenOf(cause)
      .filter(({ kind, witness }) => kind === 'server' && witness !== 'gateway');
    if (arrived.length > 1) return 'several_arrivals';
  }
  return undefined;
};

const not = (because: Reason, { traceId, spanId }: SpanRef): NotInherited => ({
  status: 'not_inherited',
  because,
  at: { traceId, spanId },
});
