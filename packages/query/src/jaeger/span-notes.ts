import { type CauseKind, isCauseKind, type SpanRef, WHENCE } from '@whence/model';
import type { RecordedSpan, SpanLink } from '@whence/store';
import type { Missing } from '../lineage/missing.ts';
import { missingOfConflicts, missingOfDoubt, missingOfReference } from '../lineage/what-is-missing.ts';
import type { BeyondTrace, Joined } from './beyond-trace.ts';
import type { TraceShape } from './trace-shape.ts';

/** A span that another one is drawn beside. */
export interface Reference extends SpanRef {
  readonly type: 'CHILD_OF' | 'FOLLOWS_FROM';
  /** Told by the span itself: its parent, or a link of its own. Else by the record: what brought it about, what it did. */
  readonly by: 'parent' | 'link' | 'cause' | 'effect';
  readonly kind?: CauseKind;
  readonly link?: SpanLink;
}

/** What a viewer is told of a span beside the span itself. */
export interface SpanNotes {
  /** The parent first. */
  readonly references: readonly Reference[];
  readonly missing: readonly Missing[];
  /** For people; what is said of every span without a reference is not among them. */
  readonly warnings: readonly string[];
}

export const notesOf = (span: RecordedSpan, shape: TraceShape, beyond: BeyondTrace): SpanNotes => {
  const { action } = span;
  const { cause, missing: missingCauses } = beyond.causeOf(action.spanId);
  const wanted: readonly Reference[] = [
    ...parentOf(span, shape),
    ...span.spanLinks.filter((link) => !isParent(link, span)).map(referenceOfLink),
    ...(cause === undefined ? [] : [joined('cause', cause)]),
    ...beyond.effectsOf(action.spanId).map((effect) => joined('effect', effect)),
  ];
  const references = wanted.filter((reference) => canBeDrawn(reference, action.spanId, shape));
  const missing = [
    ...parentMissing(span, shape),
    ...missingOfReference(action),
    ...missingOfDoubt(span),
    ...missingOfConflicts([span]),
    ...missingCauses,
    ...(shape.isCut(action.spanId) ? [circle(span)] : []),
  ];
  return {
    references,
    missing,
    warnings: [
      ...missing.filter(({ code }) => !SAID_BY_ASSURANCE.has(code)).map(({ detail }) => detail),
      ...(references.length < wanted.length ? [notDrawn(wanted.length - references.length)] : []),
    ],
  };
};

const SAID_BY_ASSURANCE: ReadonlySet<string> = new Set(['no_reference', 'asserted_only']);

const parentOf = ({ action }: RecordedSpan, shape: TraceShape): readonly Reference[] =>
  action.parentSpanId === undefined || shape.isCut(action.spanId)
    ? []
    : [{ type: 'CHILD_OF', by: 'parent', traceId: action.traceId, spanId: action.parentSpanId }];

const isParent = (link: SpanRef, { action }: RecordedSpan): boolean =>
  link.traceId === action.traceId && link.spanId === action.parentSpanId;

/** OpenTracing's kind of reference is kept by its shims as an attribute of the link. */
const referenceOfLink = (link: SpanLink): Reference => {
  const kind = link.attributes[WHENCE.cause.key] ?? '';
  return {
    type: link.attributes['opentracing.ref_type'] === 'child_of' ? 'CHILD_OF' : 'FOLLOWS_FROM',
    by: 'link',
    traceId: link.traceId,
    spanId: link.spanId,
    ...(isCauseKind(kind) ? { kind } : {}),
    link,
  };
};

const joined = (by: 'cause' | 'effect', { traceId, spanId, kind }: Joined): Reference => ({
  type: 'FOLLOWS_FROM',
  by,
  traceId,
  spanId,
  ...(kind === undefined ? {} : { kind }),
});

/**
 * Viewers look references up by span id alone, in the trace that they show, and take the first one that is there for
 * the parent.
 */
const canBeDrawn = (reference: Reference, spanId: string, shape: TraceShape): boolean => {
  if (reference.traceId === '' || reference.spanId === '') return false;
  if (reference.by === 'parent') return true;
  if (!shape.spanIds.has(reference.spanId)) return true;
  return reference.traceId === shape.traceId && shape.mayHangBelow(spanId, reference.spanId);
};

const parentMissing = ({ action }: RecordedSpan, shape: TraceShape): readonly Missing[] => {
  const { parentSpanId } = action;
  if (parentSpanId === undefined || shape.spanIds.has(parentSpanId)) return [];
  const what = shape.leftOut === undefined ? 'has not arrived' : 'is not among the spans shown';
  return [{ code: 'parent_missing', detail: `Its parent, span ${parentSpanId}, ${what}.` }];
};

const circle = ({ action }: RecordedSpan): Missing => ({
  code: 'cycle',
  detail: `Its parent, span ${action.parentSpanId}, lies below it: it is shown as a root.`,
});

const notDrawn = (count: number): string =>
  `${count} of its references ${count === 1 ? 'is' : 'are'} left out: drawn by span id alone, ${count === 1 ? 'it' : 'they'} would lead in a circle or to another span.`;
