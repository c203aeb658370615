import {
  authorityOf,
  isPrincipalId,
  isPrincipalKind,
  isRunId,
  OUTCOMES,
  type Outcome,
  type Run,
  TRIGGERS,
  type Trigger,
} from '@whence/model';
import { type KnownValues, SLOT } from '../otlp/known-attributes.ts';
import type { RunColumns } from './attributor.ts';

/** Who sent the span, as authenticated. */
export interface Sender {
  readonly tenant: string;
  readonly actor: string;
}

export interface SpanTimes {
  readonly startedAtMillis: number;
  readonly endedAtMillis: number;
}

/**
 * The run that a span claims to open, where no issuer has vouched for it: kept as an asserted record, so that the claim
 * can be shown as one. Undefined where the span opens no run, or where its reference does not bear out the claim.
 */
export const assertedRunOf = (
  columns: RunColumns,
  known: KnownValues,
  bytes: Uint8Array,
  times: () => SpanTimes,
  sender: Sender,
): Run | undefined => {
  if (columns.assurance !== 'asserted' || !known.has(SLOT.runId)) return undefined;
  const text = (slot: number): string | undefined => known.text(slot, bytes);
  const id = text(SLOT.runId);
  if (id === undefined || id !== columns.runId) return undefined;
  const parentId = runIdOrNothing(text(SLOT.runParentId));
  const rootId = runIdOrNothing(text(SLOT.runRootId)) ?? parentId ?? id;
  const principalId = text(SLOT.principalId) ?? '';
  const principalKind = text(SLOT.principalKind) ?? '';
  const authority = authorityOf(text(SLOT.authorityId) ?? '');
  const outcome = text(SLOT.runOutcome);
  const { startedAtMillis, endedAtMillis } = times();
  return {
    id,
    rootId,
    ...(parentId === undefined ? {} : { parentId }),
    path: parentId === undefined ? [] : rootId === parentId ? [parentId] : [rootId, parentId],
    job: (text(SLOT.runJob) ?? '').slice(0, 200),
    attempt: attemptOf(text(SLOT.runAttempt)),
    trigger: triggerOf(text(SLOT.runTrigger)),
    principal: {
      id: isPrincipalId(principalId) ? principalId : '',
      kind: isPrincipalKind(principalKind) ? principalKind : 'workload',
    },
    ...(authority === undefined ? {} : { authority }),
    assurance: 'asserted',
    ...(sender.actor === '' ? {} : { actor: sender.actor }),
    tenant: sender.tenant,
    startedAt: new Date(startedAtMillis).toISOString(),
    endedAt: new Date(endedAtMillis).toISOString(),
    ...(isOutcome(outcome) ? { outcome } : {}),
  };
};

const runIdOrNothing = (text: string | undefined): string | undefined =>
  text !== undefined && isRunId(text) ? text : undefined;

/** As large as the store can hold. */
const ATTEMPT_MAX = 0xffff_ffff;

const attemptOf = (text = '1'): number => Math.min(Math.max(1, Number.parseInt(text, 10) || 1), ATTEMPT_MAX);

const triggerOf = (text: string | undefined): Trigger =>
  TRIGGERS.find((trigger) => trigger === text) ?? 'manual';

const isOutcome = (text: string | undefined): text is Outcome => OUTCOMES.some((outcome) => outcome === text);
