import type { Cause, SpanRef } from '@whence/model';
import { type Readers, type RecordedAction, spanKey } from '@whence/store';
import type { WhoAnswer } from '../lineage/who-answer.ts';
import { addAction, addMissing, addRun, spanNodeId } from './action-nodes.ts';
import { lookUp } from './look-up.ts';
import { type GraphBuilder, graphBuilder, type NodeGraph } from './node-graph.ts';

/** Effects of the action that are looked up, of each sort. */
const EFFECTS_SHOWN = 64;
/** Spans of the action's trace among which those below it are looked for. */
const OUTLINE_LIMIT = 100_000;
/** Actions of the chain whose further causes are looked up. */
const CAUSES_OF = 16;
const CAUSES_SHOWN = 8;

/**
 * The chain of causes, from the root down to the action; the runs that it goes through, who acted in them and what
 * allowed that; the causes that the chain does not follow; and what the action itself brought about.
 */
export const graphOfWho = async (readers: Readers, answer: WhoAnswer): Promise<NodeGraph> => {
  const graph = graphBuilder();
  addChain(graph, answer);
  const left = [
    ...(await addOtherCauses(graph, readers, answer)),
    ...(await addEffects(graph, readers, answer)),
  ];
  return graph.graph([...answer.missing.map(({ detail }) => detail), ...left]);
};

const addChain = (graph: GraphBuilder, { chain, run, handedOffBy }: WhoAnswer): void => {
  const ids = chain.map(({ action }) => addAction(graph, action));
  chain.forEach((entry, index) => {
    const id = ids[index];
    const next = ids[index + 1];
    graph.edge(next, id, { mainstat: entry.causedBy ?? 'same run', thickness: 2 });
    if (entry.run !== undefined) graph.edge(addRun(graph, entry.run), id, { mainstat: 'run' });
  });
  if (run === undefined) return;
  const named = addRun(graph, run);
  const opened = chain.findLastIndex(({ action }) => action.runId === run.id);
  graph.edge(named, ids[opened === -1 ? 0 : opened], { mainstat: 'run' });
  if (chain.length > 0 && opened === -1) graph.edge(ids[0], named, { mainstat: 'spawn' });
  if (handedOffBy !== undefined) graph.edge(addRun(graph, handedOffBy), named, { mainstat: 'handoff' });
};

/** A fan-in: the links that the chain does not follow. */
const addOtherCauses = async (
  graph: GraphBuilder,
  readers: Readers,
  { chain }: WhoAnswer,
): Promise<readonly string[]> => {
  const looked = chain.slice(0, CAUSES_OF);
  const found = await Promise.all(looked.map(({ action }) => readers.causes.causesOf(action, CAUSES_SHOWN)));
  const edges = found.flatMap(({ causes }) => causes.filter(isBetweenSpans));
  const records = await lookUp(
    readers,
    edges.map(({ cause }) => cause),
  );
  for (const { cause, effect, kind } of edges) {
    graph.edge(addFound(graph, records, cause), spanNodeId(effect), { mainstat: kind });
  }
  return [
    ...(chain.length > CAUSES_OF
      ? [`Further causes are looked up for the first ${CAUSES_OF} actions of the chain.`]
      : []),
    ...(found.some(({ truncated }) => truncated)
      ? [`An action of the chain has more than ${CAUSES_SHOWN} causes: the first are shown.`]
      : []),
  ];
};

const addEffects = async (
  graph: GraphBuilder,
  readers: Readers,
  { action }: WhoAnswer,
): Promise<readonly string[]> => {
  if (action === undefined) return [];
  const [below, linked] = await Promise.all([
    spansBelow(readers, action),
    readers.causes.effectsOf(action, EFFECTS_SHOWN),
  ]);
  const children = below.slice(0, EFFECTS_SHOWN).map((spanId) => ({ traceId: action.traceId, spanId }));
  const edges = linked.causes.filter(isBetweenSpans);
  const records = await lookUp(readers, [...children, ...edges.map(({ effect }) => effect)]);
  const cause = spanNodeId(action);
  for (const child of children) {
    const record = records.get(spanKey(child));
    const witness = record?.action.witness ?? action.witness;
    const kind = witness === action.witness ? 'call' : `seen by ${witness}`;
    graph.edge(cause, addFound(graph, records, child), { mainstat: kind });
  }
  for (const { effect, kind } of edges) {
    graph.edge(cause, addFound(graph, records, effect), { mainstat: kind });
  }
  return [
    ...(below.length > EFFECTS_SHOWN
      ? [`More than ${EFFECTS_SHOWN} actions are right below the action: so many are shown.`]
      : []),
    ...(linked.truncated
      ? [`The action caused more than ${EFFECTS_SHOWN} others by links: the first are shown.`]
      : []),
  ];
};

/** Ids of those right below it, of many of them a few more than are shown. */
const spansBelow = async (
  readers: Readers,
  { traceId, spanId }: NonNullable<WhoAnswer['action']>,
): Promise<readonly string[]> => {
  const outline = await readers.actions.outline(traceId, OUTLINE_LIMIT);
  if (!outline.truncated) {
    return outline.spans.filter((span) => span.parentSpanId === spanId).map((span) => span.spanId);
  }
  const records = await readers.actions.rightBelow({ traceId, spanId }, {}, (EFFECTS_SHOWN + 1) * 2);
  return [...new Set(records.map(({ action }) => action.spanId))];
};

const addFound = (
  graph: GraphBuilder,
  records: ReadonlyMap<string, RecordedAction>,
  span: SpanRef,
): string | undefined => {
  const record = records.get(spanKey(span));
  return record === undefined ? addMissing(graph, span) : addAction(graph, record.action);
};

const isBetweenSpans = (edge: Cause): edge is Cause & { readonly cause: SpanRef; readonly effect: SpanRef } =>
  'spanId' in edge.cause && 'spanId' in edge.effect;
