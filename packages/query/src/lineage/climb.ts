import type { Run } from '@whence/model';
import { mayName, type Readers, type RecordedAction, spanKey } from '@whence/store';
import type { Ascent } from './cause-kind.ts';
import type { Missing } from './missing.ts';
import { spansOfTrace } from './spans-of-trace.ts';
import { ancestorsInTrace } from './trace-ancestors.ts';

/** Actions in one chain. */
export const CHAIN_MAX_LENGTH = 256;
/** Links of one span that are looked up. */
const LINKS_FOLLOWED = 16;

export interface Chain {
  readonly links: readonly ChainLink[];
  readonly missing: readonly Missing[];
}

/** An action, and how the next one, its cause, was found. The last has no `ascent`. */
export interface ChainLink {
  readonly record: RecordedAction;
  readonly ascent?: Ascent;
}

/** The cause of the topmost action of a trace, in another trace or another run. */
interface Beyond {
  readonly cause?: { readonly record: RecordedAction; readonly ascent: Ascent };
  readonly missing: readonly Missing[];
}

/**
 * From an action up to the root: through its trace by parent spans; from the top of a trace by the top span's links;
 * where there are none, from any action of a run to the span that opens the run, and from there to the run's parent.
 * A gap or a circle in the trace is reported, and left by the same means. No action is visited twice.
 */
export const climb = async (readers: Readers, from: RecordedAction): Promise<Chain> => {
  const links: { record: RecordedAction; ascent?: Ascent }[] = [];
  const missing: Missing[] = [];
  const visited = new Set<string>();
  let next: RecordedAction | undefined = from;

  while (next !== undefined) {
    const start: RecordedAction = next;
    const room = CHAIN_MAX_LENGTH - links.length - 1;
    const { ancestors, end } = await ancestorsInTrace(readers, start, room);
    const fresh = [start, ...ancestors];
    const known = fresh.findIndex(({ action }) => visited.has(spanKey(action)));
    for (const record of known === -1 ? fresh : fresh.slice(0, known)) {
      visited.add(spanKey(record.action));
      links.push({ record, ascent: { by: 'parent' } });
    }
    const top = links.at(-1)!;
    delete top.ascent;
    if (end.status === 'too_deep') {
      missing.push(truncated);
      break;
    }
    if (known !== -1 || end.status === 'cycle') missing.push(cycleAt(top.record));
    else if (end.status === 'parent_missing') missing.push(parentMissing(top.record, end.spanId));

    const beyond = await causeBeyond(readers, top.record, visited);
    missing.push(...beyond.missing);
    if (beyond.cause === undefined) break;
    if (links.length >= CHAIN_MAX_LENGTH) {
      missing.push(truncated);
      break;
    }
    top.ascent = beyond.cause.ascent;
    next = beyond.cause.record;
  }
  return { links, missing };
};

const causeBeyond = async (
  readers: Readers,
  top: RecordedAction,
  visited: ReadonlySet<string>,
): Promise<Beyond> => {
  const linked = await causeByLink(readers, top, visited);
  if (linked.cause !== undefined) return linked;
  const byRun = await causeByRun(readers, top, visited);
  return { ...byRun, missing: [...linked.missing, ...byRun.missing] };
};

/** Links that say their kind go first; of equals the one that the span lists first. */
const causeByLink = async (
  readers: Readers,
  top: RecordedAction,
  visited: ReadonlySet<string>,
): Promise<Beyond> => {
  const missing: Missing[] = [];
  const others = top.links.filter((link) => spanKey(link) !== spanKey(top.action));
  const ranked = [...others].sort((a, b) => Number(a.kind === 'link') - Number(b.kind === 'link'));
  for (const link of ranked.slice(0, LINKS_FOLLOWED)) {
    if (visited.has(spanKey(link))) {
      missing.push(cycleAt(top));
      continue;
    }
    const [record] = await spansOfTrace(readers, link.traceId, [link.spanId]);
    if (record === undefined) {
      missing.push({
        code: 'cause_missing',
        detail: `Span ${top.action.spanId} names span ${link.spanId} of trace ${link.traceId} as its cause (${link.kind}), which has not arrived.`,
      });
      continue;
    }
    if (others.length > 1) {
      missing.push({
        code: 'other_causes',
        detail: `Span ${top.action.spanId} names ${others.length} causes; the chain follows span ${link.spanId} (${link.kind}).`,
      });
    }
    return { cause: { record, ascent: { by: 'link', kind: link.kind } }, missing };
  }
  return { missing };
};

const causeByRun = async (
  readers: Readers,
  top: RecordedAction,
  visited: ReadonlySet<string>,
): Promise<Beyond> => {
  const { runId, assurance } = top.action;
  if (runId === undefined || assurance === 'refuted' || assurance === 'none') return { missing: [] };
  if (top.opensRunId !== runId) {
    const opening = await readers.actions.openingOf(runId);
    if (opening !== undefined && !visited.has(spanKey(opening.action))) {
      return { cause: { record: opening, ascent: { by: 'reference' } }, missing: [] };
    }
  }
  const recorded = await readers.runs.byId(runId);
  if (recorded === undefined || !mayName(assurance, recorded.run)) return { missing: [] };
  return causeOfRun(readers, recorded.run, visited);
};

/** The nearest ancestor run that acted: its opening span, or else its first action. */
export const causeOfRun = async (
  readers: Readers,
  run: Run,
  visited: ReadonlySet<string> = new Set(),
): Promise<Beyond> => {
  const missing: Missing[] = [];
  const passed = new Set([run.id]);
  let parentId = run.parentId;
  while (parentId !== undefined && passed.size <= CHAIN_MAX_LENGTH) {
    if (passed.has(parentId)) {
      missing.push({
        code: 'cycle',
        detail: `The records of run ${run.id} and its parents lead back to run ${parentId}.`,
      });
      return { missing };
    }
    passed.add(parentId);
    const record = (await readers.actions.openingOf(parentId)) ?? (await readers.actions.firstOf(parentId));
    if (record !== undefined) {
      if (visited.has(spanKey(record.action))) return { missing: [...missing, cycleAt(record)] };
      return { cause: { record, ascent: { by: 'run' } }, missing };
    }
    missing.push({
      code: 'run_span_missing',
      detail: `No action of run ${parentId} has arrived, which started run ${[...passed].at(-2)}.`,
    });
    const parent = (await readers.runs.byId(parentId))?.run;
    parentId = parent !== undefined && mayName(run.assurance, parent) ? parent.parentId : undefined;
  }
  return { missing };
};

const truncated: Missing = {
  code: 'chain_truncated',
  detail: `The chain is longer than ${CHAIN_MAX_LENGTH} actions: it is shown up to there, not up to the root.`,
};

const cycleAt = ({ action }: RecordedAction): Missing => ({
  code: 'cycle',
  detail: `The causes of span ${action.spanId} of trace ${action.traceId} lead back to an action that it caused.`,
});

const parentMissing = ({ action }: RecordedAction, spanId: string): Missing => ({
  code: 'parent_missing',
  detail: `Span ${spanId}, the parent of span ${action.spanId} in trace ${action.traceId}, has not arrived.`,
});
