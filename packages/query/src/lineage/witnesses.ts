import type { Readers, RecordedAction } from '@whence/store';
import { OUTLINE_LIMIT, SMALL_TRACE } from './one-question.ts';
import { spansOfTrace } from './spans-of-trace.ts';
import type { WitnessSeen } from './who-answer.ts';

const WITNESSES_SHOWN = 16;

/**
 * Everyone who reported an action. The gateway's span for a command is a child of the caller's own span, so the
 * counterpart is looked for below a process's span, and above a gateway's.
 */
export const witnessesOf = async (
  readers: Readers,
  record: RecordedAction,
): Promise<readonly WitnessSeen[]> => {
  const counterparts = (await nextTo(readers, record))
    .filter((other) => other.action.witness !== record.action.witness)
    .slice(0, WITNESSES_SHOWN);
  return [
    seen(record),
    ...counterparts.map((other) => {
      const agrees = agreement(record, other);
      return { ...seen(other), ...(agrees === undefined ? {} : { agrees }) };
    }),
  ];
};

const nextTo = async (readers: Readers, { action }: RecordedAction): Promise<readonly RecordedAction[]> => {
  if (action.witness === 'gateway') {
    return action.parentSpanId === undefined
      ? []
      : spansOfTrace(readers, action.traceId, [action.parentSpanId]);
  }
  const trace = await readers.actions.smallTrace(action.traceId, SMALL_TRACE);
  return trace.truncated
    ? seenBelow(readers, action)
    : trace.records.filter((other) => other.action.parentSpanId === action.spanId);
};

/** In a large trace: by its outline, which the climb reads too, where there is room for one. */
const seenBelow = async (
  readers: Readers,
  { traceId, spanId, witness }: RecordedAction['action'],
): Promise<readonly RecordedAction[]> => {
  const outline = await readers.actions.outline(traceId, OUTLINE_LIMIT);
  if (outline.truncated) {
    return readers.actions.rightBelow({ traceId, spanId }, { notBy: witness }, WITNESSES_SHOWN);
  }
  const below = outline.spans.filter((other) => other.parentSpanId === spanId && other.witness !== witness);
  return spansOfTrace(
    readers,
    traceId,
    below.slice(0, WITNESSES_SHOWN).map((other) => other.spanId),
  );
};

const seen = ({ action }: RecordedAction): WitnessSeen => ({
  witness: action.witness,
  ...(action.actor === undefined ? {} : { actor: action.actor }),
});

/** Statements are compared by their fingerprints: a gateway sees placeholders where the caller saw values. */
const agreement = (a: RecordedAction, b: RecordedAction): boolean | undefined => {
  if (a.statementHash !== undefined && b.statementHash !== undefined)
    return a.statementHash === b.statementHash;
  const compared = (['operation', 'target'] as const).filter(
    (field) => a.action[field] !== undefined && b.action[field] !== undefined,
  );
  return compared.length === 0 ? undefined : compared.every((field) => a.action[field] === b.action[field]);
};
