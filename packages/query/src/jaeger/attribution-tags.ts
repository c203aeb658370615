import { type Action, WHENCE } from '@whence/model';
import type { RecordedSpan } from '@whence/store';

export type Tag = readonly [key: string, value: string];

/**
 * What the record says of a span, under names that are the record's alone: an attribute by which the process says so
 * itself is shown as `claimed.<name>`.
 */
export const RECORD_TAGS = {
  principalId: WHENCE.principalId.key,
  principalKind: WHENCE.principalKind.key,
  runId: WHENCE.runId.key,
  rootRunId: WHENCE.runRootId.key,
  authorityId: WHENCE.authorityId.key,
  assurance: WHENCE.assurance.key,
  system: WHENCE.actionSystem.key,
  operation: WHENCE.actionOperation.key,
  target: WHENCE.actionTarget.key,
  actor: 'whence.actor',
  witness: 'whence.witness',
  missing: 'whence.missing',
  caused: 'whence.caused',
} as const;

export const CLAIMED = 'claimed.';

const RESERVED: ReadonlySet<string> = new Set(Object.values(RECORD_TAGS));

/** A reference that failed its check is told of as a warning: no run is named by it. */
const saidOf = (action: Action): Readonly<Record<string, string | undefined>> => ({
  [RECORD_TAGS.principalId]: action.principal?.id,
  [RECORD_TAGS.principalKind]: action.principal?.kind,
  [RECORD_TAGS.runId]: action.assurance === 'refuted' ? undefined : action.runId,
  [RECORD_TAGS.rootRunId]: action.rootRunId,
  [RECORD_TAGS.authorityId]: action.authority?.id,
  [RECORD_TAGS.assurance]: action.assurance,
  [RECORD_TAGS.system]: action.system,
  [RECORD_TAGS.operation]: action.operation,
  [RECORD_TAGS.target]: action.target,
  [RECORD_TAGS.actor]: action.actor,
  [RECORD_TAGS.witness]: action.witness,
});

export interface SpanTags {
  /** What the process sent, by name. */
  readonly own: readonly Tag[];
  /** What the record says. */
  readonly said: readonly Tag[];
}

export const tagsOf = ({ action, attributes }: RecordedSpan): SpanTags => {
  const said = saidOf(action);
  return {
    own: sorted(Object.entries(attributes))
      .filter(([key, value]) => said[key] !== value)
      .map(([key, value]) => [RESERVED.has(key) ? CLAIMED + key : key, value]),
    said: Object.entries(said).filter((tag): tag is [string, string] => tag[1] !== undefined),
  };
};

export const sorted = (tags: readonly Tag[]): readonly Tag[] =>
  tags.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
