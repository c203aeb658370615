/**
 * Nodes and edges as Grafana's node graph panel reads them: its names of fields, in lower case. Every row has the same
 * fields, since rows become columns of one table.
 */
export interface NodeGraph {
  readonly nodes: readonly GraphNode[];
  /** Each from a cause to what it brought about. Both ends are among the nodes. */
  readonly edges: readonly GraphEdge[];
  /** What is left out of the graph, or unproven in it, for people. */
  readonly warnings: readonly string[];
}

export interface GraphNode {
  readonly id: string;
  readonly title: string;
  readonly subtitle: string;
  readonly mainstat: string;
  readonly secondarystat: string;
  /** Shares of the ring around the node; together 1. */
  readonly arc__ok: number;
  readonly arc__errors: number;
  readonly arc__unproven: number;
  /** An icon of Grafana's own. */
  readonly icon: string;
  /** action, run, principal, authority, operation, more */
  readonly detail__kind: string;
  readonly detail__assurance: string;
  readonly detail__principal: string;
  readonly detail__run: string;
  readonly detail__statement: string;
  readonly detail__trace: string;
  readonly detail__span: string;
}

export interface GraphEdge {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  /** The kind of cause; or how often. */
  readonly mainstat: string;
  readonly secondarystat: string;
  readonly thickness: number;
}

/** Beyond that, Grafana's layout takes minutes. */
export const NODES_MAX = 500;

/** A graph in the making. What has an id that is there already is the same node. */
export interface GraphBuilder {
  /** @returns the id of the node; undefined where there is no more room for a new one. */
  node(node: Partial<GraphNode> & { readonly id: string; readonly title: string }): string | undefined;
  /** Between nodes that are there; an edge to one that is left out is left out with it. */
  edge(source: string | undefined, target: string | undefined, edge?: Partial<GraphEdge>): void;
  /** @returns the graph, with a node that says how many are left out. */
  graph(warnings: readonly string[]): NodeGraph;
}

export const graphBuilder = (most: number = NODES_MAX): GraphBuilder => {
  const nodes = new Map<string, GraphNode>();
  const edges = new Map<string, GraphEdge>();
  const left = new Set<string>();
  return {
    node: (made) => {
      if (nodes.has(made.id)) return made.id;
      if (nodes.size >= most) {
        left.add(made.id);
        return undefined;
      }
      nodes.set(made.id, { ...PLAIN_NODE, ...made });
      return made.id;
    },
    edge: (source, target, edge = {}) => {
      if (source === undefined || target === undefined || source === target) return;
      if (!nodes.has(source) || !nodes.has(target)) return;
      const id = `${source} → ${target}`;
      if (!edges.has(id)) edges.set(id, { ...PLAIN_EDGE, ...edge, id, source, target });
    },
    graph: (warnings) => ({
      nodes: [...nodes.values(), ...(left.size === 0 ? [] : [moreNode(left.size)])],
      edges: [...edges.values()],
      warnings: [...warnings, ...(left.size === 0 ? [] : [`${left.size} more nodes are left out.`])],
    }),
  };
};

const PLAIN_NODE: Omit<GraphNode, 'id' | 'title'> = {
  subtitle: '',
  mainstat: '',
  secondarystat: '',
  arc__ok: 1,
  arc__errors: 0,
  arc__unproven: 0,
  icon: '',
  detail__kind: '',
  detail__assurance: '',
  detail__principal: '',
  detail__run: '',
  detail__statement: '',
  detail__trace: '',
  detail__span: '',
};

const PLAIN_EDGE: Omit<GraphEdge, 'id' | 'source' | 'target'> = {
  mainstat: '',
  secondarystat: '',
  thickness: 1,
};

const moreNode = (count: number): GraphNode => ({
  ...PLAIN_NODE,
  id: 'more',
  title: `${count} more`,
  subtitle: 'left out of this graph',
  icon: 'ellipsis-h',
  detail__kind: 'more',
});
