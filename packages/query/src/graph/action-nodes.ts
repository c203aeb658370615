import type { Action, Run } from '@whence/model';
import type { GraphBuilder, GraphNode } from './node-graph.ts';

type Arcs = Pick<GraphNode, 'arc__ok' | 'arc__errors' | 'arc__unproven'>;

export const spanNodeId = ({ traceId, spanId }: Pick<Action, 'traceId' | 'spanId'>): string =>
  `span:${traceId}/${spanId}`;

export const addAction = (graph: GraphBuilder, action: Action): string | undefined =>
  graph.node({
    id: spanNodeId(action),
    title: action.name,
    subtitle: action.service ?? '',
    mainstat: milliseconds(action.durationNanos),
    secondarystat: action.startTime.slice(11, 23),
    ...arcsOf(action),
    icon: ICON_OF_SYSTEM[action.system ?? ''] ?? (action.system === undefined ? 'cog' : 'database'),
    detail__kind: 'action',
    detail__assurance: action.assurance,
    detail__principal: action.principal?.id ?? '',
    detail__run: action.runId ?? '',
    detail__statement: action.statement ?? '',
    detail__trace: action.traceId,
    detail__span: action.spanId,
  });

/** A run below what allowed it and who it is. */
export const addRun = (graph: GraphBuilder, run: Run): string | undefined => {
  const { principal, authority } = run;
  const assurance = run.assurance;
  const id = graph.node({
    id: `run:${run.id}`,
    title: run.job,
    subtitle: `run ${run.id}`,
    mainstat: run.trigger,
    secondarystat: run.outcome ?? '',
    ...arcs(run.outcome === 'failure' || run.outcome === 'timeout', assurance !== 'verified'),
    icon: 'play',
    detail__kind: 'run',
    detail__assurance: assurance,
    detail__principal: principal.id,
    detail__run: run.id,
  });
  const principalId = graph.node({
    id: `principal:${principal.id}`,
    title: principal.id,
    subtitle: principal.kind,
    mainstat: assurance,
    ...arcs(false, assurance !== 'verified'),
    icon: 'user',
    detail__kind: 'principal',
    detail__assurance: assurance,
    detail__principal: principal.id,
  });
  graph.edge(principalId, id, { mainstat: 'acts in' });
  if (authority !== undefined) {
    const authorityId = graph.node({
      id: `authority:${authority.id}`,
      title: authority.id,
      subtitle: authority.kind,
      icon: 'shield',
      detail__kind: 'authority',
    });
    graph.edge(authorityId, id, { mainstat: 'allows' });
  }
  return id;
};

/** An action that is named as a cause or an effect and has not arrived. */
export const addMissing = (
  graph: GraphBuilder,
  span: { readonly traceId: string; readonly spanId: string },
): string | undefined =>
  graph.node({
    id: spanNodeId(span),
    title: span.spanId,
    subtitle: 'has not arrived',
    ...arcs(false, true),
    icon: 'question-circle',
    detail__kind: 'action',
    detail__trace: span.traceId,
    detail__span: span.spanId,
  });

const HOLDS: ReadonlySet<string> = new Set(['verified', 'inherited']);

const arcsOf = ({ status, assurance }: Action): Arcs => arcs(status === 'error', !HOLDS.has(assurance));

const arcs = (failed: boolean, unproven: boolean): Arcs => ({
  arc__ok: failed || unproven ? 0 : 1,
  arc__errors: failed ? 1 : 0,
  arc__unproven: !failed && unproven ? 1 : 0,
});

const ICON_OF_SYSTEM: Readonly<Record<string, string>> = { http: 'globe', process: 'brackets-curly' };

export const milliseconds = (nanos: number): string => `${(nanos / 1e6).toFixed(nanos < 1e7 ? 2 : 0)} ms`;
