import { z } from 'zod';
import { GRAPH_EDGE, GRAPH_NODE, NODE_GRAPH } from '../answers/node-graph.ts';
import type { Context } from '../api/context.ts';
import { endpoint } from '../api/endpoint.ts';
import { graphOfRun } from '../graph/graph-of-run.ts';
import { graphOfWho } from '../graph/graph-of-who.ts';
import type { NodeGraph } from '../graph/node-graph.ts';
import { treeOfRun } from '../lineage/tree/tree-of-run.ts';
import { knownWhen, WHO_PARAMETERS, whoIsAsked } from './who-is-asked.ts';

/** Actions that a run's graph is made from. */
const TREE = { limit: 20_000, depth: 256 };

const BY_SPAN = 'span=e000000000000004';
const BY_RUN = 'run=01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10';

const graphOf = async (parameters: z.output<typeof WHO_PARAMETERS>, context: Context): Promise<NodeGraph> => {
  const known = knownWhen(context, parameters);
  const { readers } = known;
  const answer = await whoIsAsked(known, parameters);
  if (parameters.run === undefined) return graphOfWho(readers, answer);
  const recorded = await readers.runs.byId(parameters.run);
  if (recorded === undefined) return graphOfWho(readers, answer);
  const told = await treeOfRun(readers, recorded, TREE, () => `/v1/runs/${recorded.run.id}/tree`);
  return told.status === 'told' ? graphOfRun(told.tree) : graphOfWho(readers, answer);
};

export const whoGraphRoute = endpoint({
  path: '/v1/who/graph',
  tag: 'lineage',
  summary: "Who caused this, as Grafana's node graph",
  description:
    'By span or trace: the chain of causes with the runs, principals and authorities on it, further causes, and what the action brought about. By run: what it and the runs below it did, by service and operation. At most 500 nodes.',
  examples: [
    { summary: 'The causes of an action', request: `/v1/who/graph?${BY_SPAN}` },
    { summary: 'What a run did', request: `/v1/who/graph?${BY_RUN}` },
  ],
  parameters: WHO_PARAMETERS,
  answer: NODE_GRAPH,
  respond: async ({ parameters }, context) => graphOf(parameters, context),
});

export const whoGraphNodesRoute = endpoint({
  path: '/v1/who/graph/nodes',
  tag: 'lineage',
  summary: 'The nodes of that graph as a list',
  description: 'For data sources that read a table from an address.',
  examples: [{ summary: 'Of an action', request: `/v1/who/graph/nodes?${BY_SPAN}` }],
  parameters: WHO_PARAMETERS,
  answer: z.array(GRAPH_NODE).readonly(),
  respond: async ({ parameters }, context) => (await graphOf(parameters, context)).nodes,
});

export const whoGraphEdgesRoute = endpoint({
  path: '/v1/who/graph/edges',
  tag: 'lineage',
  summary: 'The edges of that graph as a list',
  examples: [{ summary: 'Of a run', request: `/v1/who/graph/edges?${BY_RUN}` }],
  parameters: WHO_PARAMETERS,
  answer: z.array(GRAPH_EDGE).readonly(),
  respond: async ({ parameters }, context) => (await graphOf(parameters, context)).edges,
});
