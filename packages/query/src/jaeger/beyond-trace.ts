import type { CauseKind, SpanRef } from '@whence/model';
import { type Readers, type RecordedAction, type RecordedSpan, spanKey } from '@whence/store';
import { causeKindOf, kindOfTrigger } from '../lineage/cause-kind.ts';
import { causeBeyond } from '../lineage/climb.ts';
import type { Missing } from '../lineage/missing.ts';
import type { TraceShape } from './trace-shape.ts';

/** An action elsewhere that a span of this trace is joined to. */
export interface Joined extends SpanRef {
  readonly kind?: CauseKind;
}

/** What a trace is joined to that its own spans do not say. */
export interface BeyondTrace {
  /** The cause of a span at the top of the trace, where no link of its own tells it. */
  causeOf(spanId: string): { readonly cause?: Joined; readonly missing: readonly Missing[] };
  /** What a span brought about in other traces. */
  effectsOf(spanId: string): readonly Joined[];
  /** Looks up what the runs that these spans open brought about. To be asked before `effectsOf`. */
  look(spans: readonly RecordedSpan[]): Promise<void>;
  /** What was not looked up, for people. */
  readonly leftOut: readonly string[];
}

export const NOTHING_BEYOND: BeyondTrace = {
  causeOf: () => ({ missing: [] }),
  effectsOf: () => [],
  look: async () => {},
  leftOut: [],
};

const TOPS_LOOKED_UP = 16;
const EFFECTS_SHOWN = 1_000;
const RUNS_LOOKED_UP = 16;
const CHILD_RUNS_LOOKED_UP = 64;

export const beyondTrace = async (readers: Readers, shape: TraceShape): Promise<BeyondTrace> => {
  const [causes, found] = await Promise.all([
    causesOfTops(readers, shape),
    readers.causes.effectsOfTrace(shape.traceId, EFFECTS_SHOWN),
  ]);
  const effects = new Map<string, Joined[]>();
  const add = (spanId: string, effect: Joined): void => {
    const known = effects.get(spanId) ?? [];
    if (!known.some((one) => spanKey(one) === spanKey(effect))) effects.set(spanId, [...known, effect]);
  };
  for (const { cause, effect, kind } of found.causes) {
    if ('spanId' in cause && 'spanId' in effect) add(cause.spanId, { ...effect, kind });
  }
  const leftOut = [
    ...(shape.tops.length > TOPS_LOOKED_UP
      ? [
          `The trace has ${shape.tops.length} spans without a parent: what caused them was looked up for the first ${TOPS_LOOKED_UP}.`,
        ]
      : []),
    ...(found.truncated
      ? [`The trace caused more than ${EFFECTS_SHOWN} spans in other traces: the first are shown.`]
      : []),
  ];

  let runsLeft = RUNS_LOOKED_UP;
  let childrenLeft = CHILD_RUNS_LOOKED_UP;
  let saidSo = false;
  const look = async (spans: readonly RecordedSpan[]): Promise<void> => {
    for (const { action, opensRunId } of spans) {
      if (opensRunId === undefined) continue;
      if (runsLeft === 0 || childrenLeft === 0) {
        if (!saidSo)
          leftOut.push('The trace opens more runs than what runs below them did was looked up for.');
        saidSo = true;
        return;
      }
      runsLeft -= 1;
      const scope = { id: opensRunId, rootId: action.rootRunId ?? opensRunId };
      const { runs, truncated } = await readers.runs.children(scope, childrenLeft);
      childrenLeft = truncated ? 0 : childrenLeft - runs.length;
      const openings = await Promise.all(runs.map(({ run }) => readers.actions.openingOf(run.id)));
      openings.forEach((opening, index) => {
        if (opening === undefined || opening.action.traceId === shape.traceId) return;
        const { traceId, spanId } = opening.action;
        add(action.spanId, { traceId, spanId, kind: kindOfTrigger(runs[index]!.run) });
      });
    }
  };

  return {
    causeOf: (spanId) => causes.get(spanId) ?? { missing: [] },
    effectsOf: (spanId) => effects.get(spanId) ?? [],
    look,
    leftOut,
  };
};

type CausesOfTops = ReadonlyMap<string, ReturnType<BeyondTrace['causeOf']>>;

const causesOfTops = async (readers: Readers, { traceId, tops }: TraceShape): Promise<CausesOfTops> => {
  const ids = tops.slice(0, TOPS_LOOKED_UP).map(({ spanId }) => spanId);
  const records = ids.length === 0 ? [] : await readers.actions.bySpans(traceId, ids);
  const found = await Promise.all(
    records.map(async (record) => [record.action.spanId, await causeOfTop(readers, record)] as const),
  );
  return new Map(found);
};

const causeOfTop = async (
  readers: Readers,
  record: RecordedAction,
): Promise<ReturnType<BeyondTrace['causeOf']>> => {
  const { cause, missing } = await causeBeyond(readers, record, new Set());
  if (cause === undefined || cause.ascent.by === 'link') return { missing };
  const { traceId, spanId } = cause.record.action;
  const { runId } = record.action;
  const run = runId === undefined ? undefined : (await readers.runs.byId(runId))?.run;
  const kind = causeKindOf(cause.ascent, record, cause.record, run);
  return { cause: { traceId, spanId, ...(kind === undefined ? {} : { kind }) }, missing };
};
