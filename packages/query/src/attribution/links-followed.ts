import type { CauseKind } from '@whence/model';
import { type CauseLink, type SpanEvidence, spanKey } from '@whence/store';

/** Links of one span that are looked at: as many as OpenTelemetry's SDKs record where nobody says otherwise. */
export const LINKS_FOLLOWED = 128;

/**
 * What a link means for whose work its span is.
 * `continues`: the span goes on with the work of its cause.
 * `begins`: the span begins something that is not the cause's work. What was handed over is done by whom it was handed
 * to; a tick is not done by who set the timer; a `call` link is set where a service does not take its caller on trust.
 * `beside`: who approved, or an earlier attempt, did not do it.
 * `unsaid`: no more than that the two have something to do with each other.
 */
const MEANS: Readonly<Record<CauseKind, 'continues' | 'begins' | 'beside' | 'unsaid'>> = {
  message: 'continues',
  spawn: 'continues',
  handoff: 'begins',
  schedule: 'begins',
  call: 'begins',
  approval: 'beside',
  retry: 'beside',
  link: 'unsaid',
};

export interface LinksOf {
  /** All of them must lead to one run. */
  readonly continued: readonly CauseLink[];
  /** None of them may lead to another one. */
  readonly unsaid: readonly CauseLink[];
  readonly beginsOwn: boolean;
}

export const linksOf = (span: SpanEvidence): LinksOf => {
  const others = span.links.filter((link) => spanKey(link) !== spanKey(span));
  const meaning = (what: string): readonly CauseLink[] => others.filter(({ kind }) => MEANS[kind] === what);
  return {
    continued: meaning('continues'),
    unsaid: meaning('unsaid'),
    beginsOwn: meaning('begins').length > 0,
  };
};

/** Spans outside its trace that bear on whose work an action without a reference is. */
export const causesElsewhere = (span: SpanEvidence): readonly CauseLink[] => {
  if (span.reference !== 'none' || span.contested || span.inDoubt || span.opensRun || span.isMark) return [];
  const { continued, unsaid, beginsOwn } = linksOf(span);
  if (beginsOwn || span.links.length > LINKS_FOLLOWED) return [];
  const followed = span.parentSpanId === undefined && continued.length === 0 ? [] : [...continued, ...unsaid];
  return followed.filter(({ traceId }) => traceId !== span.traceId);
};
