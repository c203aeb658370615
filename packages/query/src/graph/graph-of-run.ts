import type { Action } from '@whence/model';
import type { RunTree, TreeNode } from '../lineage/tree/run-tree.ts';
import { addRun, milliseconds } from './action-nodes.ts';
import { graphBuilder, type NodeGraph } from './node-graph.ts';

/** Actions of one service that do the same. */
interface Group {
  readonly key: string;
  readonly service: string;
  readonly operation: string;
  actions: number;
  errors: number;
  unproven: number;
  nanos: number;
}

interface Flow {
  readonly from: string;
  readonly to: string;
  readonly kind: string;
  count: number;
}

/**
 * What a run and those below it did, by service and operation: who calls what, how often, and what failed. The groups
 * with most actions come first, so that it is the rare ones that are left out of a graph that is full.
 */
export const graphOfRun = ({ run, roots, missing }: RunTree): NodeGraph => {
  const groups = new Map<string, Group>();
  const flows = new Map<string, Flow>();
  const opened = new Map<string, Set<string>>();
  const walk: { readonly node: TreeNode; readonly above?: string }[] = roots.map((node) => ({ node }));
  for (let next = walk.pop(); next !== undefined; next = walk.pop()) {
    const { node, above } = next;
    const key = counted(groups, node.action);
    if (above !== undefined && above !== key) flowed(flows, above, key, node.causedBy ?? 'same run');
    if (above === undefined) opened.set(key, (opened.get(key) ?? new Set()).add(node.action.spanId));
    for (const child of node.children) walk.push({ node: child, above: key });
  }

  const graph = graphBuilder();
  const runId = addRun(graph, run);
  const ids = new Map<string, string | undefined>();
  for (const group of [...groups.values()].sort(
    (a, b) => b.actions - a.actions || (a.key < b.key ? -1 : 1),
  )) {
    ids.set(group.key, graph.node(nodeOf(group)));
  }
  for (const [key, spans] of opened) {
    graph.edge(runId, ids.get(key), { mainstat: 'run', secondarystat: `${spans.size}` });
  }
  for (const { from, to, kind, count } of flows.values()) {
    graph.edge(ids.get(from), ids.get(to), {
      mainstat: `${count}`,
      secondarystat: kind,
      thickness: Math.min(8, 1 + Math.log10(count)),
    });
  }
  return graph.graph(missing.map(({ detail }) => detail));
};

const counted = (groups: Map<string, Group>, action: Action): string => {
  const service = action.service ?? '';
  const operation = operationOf(action);
  const key = `operation:${JSON.stringify([service, operation])}`;
  const group = groups.get(key) ?? {
    key,
    service,
    operation,
    actions: 0,
    errors: 0,
    unproven: 0,
    nanos: 0,
  };
  const failed = action.status === 'error';
  group.actions += 1;
  group.errors += Number(failed);
  group.unproven += Number(!failed && action.assurance !== 'verified' && action.assurance !== 'inherited');
  group.nanos += action.durationNanos;
  groups.set(key, group);
  return key;
};

/** What is acted on, where it is known: a span's name may hold ids. */
const operationOf = ({ system, operation, name }: Action): string =>
  system === undefined ? name : `${system} ${operation ?? name}`;

const flowed = (flows: Map<string, Flow>, from: string, to: string, kind: string): void => {
  const key = `${from}\0${to}`;
  const flow = flows.get(key) ?? { from, to, kind, count: 0 };
  flow.count += 1;
  flows.set(key, flow);
};

const nodeOf = ({ key, service, operation, actions, errors, unproven, nanos }: Group) => ({
  id: key,
  title: operation,
  subtitle: service,
  mainstat: `${actions} ${actions === 1 ? 'action' : 'actions'}`,
  secondarystat: `${milliseconds(nanos / actions)} each`,
  arc__ok: (actions - errors - unproven) / actions,
  arc__errors: errors / actions,
  arc__unproven: unproven / actions,
  icon: 'cog',
  detail__kind: 'operation',
});
