import { z } from 'zod';
import type { GraphEdge, GraphNode, NodeGraph } from '../graph/node-graph.ts';

const share = z.number().describe('Share of the ring around the node, 0 to 1; the three make 1.');

export const GRAPH_NODE = z
  .object({
    id: z.string(),
    title: z.string(),
    subtitle: z.string(),
    mainstat: z.string(),
    secondarystat: z.string(),
    arc__ok: share,
    arc__errors: share,
    arc__unproven: share,
    icon: z.string().describe("One of Grafana's."),
    detail__kind: z
      .string()
      .describe('action, run, principal, authority, operation; more: how many are left out.'),
    detail__assurance: z.string(),
    detail__principal: z.string(),
    detail__run: z.string(),
    detail__statement: z.string(),
    detail__trace: z.string(),
    detail__span: z.string(),
  })
  .readonly()
  .meta({
    id: 'GraphNode',
    description: "A node of Grafana's node graph. Empty: not known.",
  }) satisfies z.ZodType<GraphNode>;

export const GRAPH_EDGE = z
  .object({
    id: z.string(),
    source: z.string().describe('Id of the cause.'),
    target: z.string().describe('Id of what it brought about.'),
    mainstat: z.string().describe('The kind of cause; for a run, how often.'),
    secondarystat: z.string(),
    thickness: z.number(),
  })
  .readonly()
  .meta({ id: 'GraphEdge' }) satisfies z.ZodType<GraphEdge>;

export const NODE_GRAPH = z
  .object({
    nodes: z.array(GRAPH_NODE).readonly(),
    edges: z.array(GRAPH_EDGE).readonly(),
    warnings: z.array(z.string()).readonly().describe('What is left out or unproven.'),
  })
  .readonly()
  .meta({ id: 'NodeGraph' }) satisfies z.ZodType<NodeGraph>;
