import type { Plan } from '../work/plan.ts';
import { actionsBelow, type Truth } from '../work/truth.ts';
import type { Sample, Samples } from './samples.ts';

/** One line of the report: a question, asked about one sample after the other. */
export interface Endpoint {
  readonly name: string;
  /** As it stands in `/openapi.json`: where it is not there, the service does not have it yet. */
  readonly route: string;
  readonly about: keyof Samples;
  readonly path: (sample: Sample) => string;
  /** @returns what is wrong with the answer, if anything is */
  readonly fault?: (answer: never, sample: Sample, plan: Plan) => string | undefined;
  /** Each takes long: so many times fewer are asked. */
  readonly fewer?: number;
}

interface WhoAnswered {
  readonly principal?: { readonly id: string; readonly assurance: string };
  readonly run?: { readonly id: string; readonly rootId: string };
  readonly chain: readonly { readonly action: { readonly spanId: string } }[];
}

interface Totalled {
  readonly totals: { readonly actions: number };
}

interface Actions {
  readonly actions: readonly {
    readonly principal?: { readonly id: string };
    readonly target?: string;
    readonly rootRunId?: string;
    readonly runId?: string;
  }[];
}

const HOUR_MILLIS = 3_600_000;

const hourAround = ({ startMillis }: Sample): string => {
  const from = new Date(startMillis - HOUR_MILLIS / 2).toISOString();
  const to = new Date(startMillis + HOUR_MILLIS / 2).toISOString();
  return `&from=${from}&to=${to}`;
};

/** Actions without a reference count where they are attributed by now. */
const faultOfTotals =
  (runOf: (truth: Truth) => number | undefined) =>
  ({ totals: { actions } }: Totalled, { truth }: Sample, plan: Plan): string | undefined => {
    const { referring, inheriting } = actionsBelow(plan, truth.place.execution, runOf(truth)!);
    return actions >= referring && actions <= referring + inheriting
      ? undefined
      : `actions: ${actions}, not ${referring}, and at most ${inheriting} that inherit`;
  };

/** Every endpoint that is measured. To add one is to add a line. */
export const ENDPOINTS: readonly Endpoint[] = [
  ...(['any', 'greatRun', 'millionSpanTrace'] as const).map((about) => ({
    name: about === 'any' ? 'who' : `who.${about}`,
    route: '/v1/who',
    about,
    path: ({ ids }: Sample) => `/v1/who?span=${ids.span}&trace=${ids.trace}`,
    fault: faultOfWho,
    fewer: about === 'any' ? 1 : 5,
  })),
  {
    name: 'who.bySpanAlone',
    route: '/v1/who',
    about: 'any',
    path: ({ ids }) => `/v1/who?span=${ids.span}`,
    fault: faultOfWho,
  },
  {
    name: 'who.byTarget',
    route: '/v1/who',
    about: 'onTargets',
    path: ({ target, startMillis }) =>
      `/v1/who?target=${encodeURIComponent(target)}&at=${new Date(Math.ceil(startMillis) + 1000).toISOString()}&within=1h`,
    fewer: 4,
  },
  { name: 'who.byTrace', route: '/v1/who', about: 'any', path: ({ ids }) => `/v1/who?trace=${ids.trace}` },
  {
    name: 'who.byRun',
    route: '/v1/who',
    about: 'inRuns',
    path: ({ ids }) => `/v1/who?run=${ids.run}`,
    fault: (answer: WhoAnswered, sample) =>
      differs('principal', answer.principal?.id, sample.truth.principal) ??
      differs('end of the chain', answer.chain.at(-1)?.action.spanId, sample.top.span),
  },
  {
    name: 'run',
    route: '/v1/runs/{id}',
    about: 'inRuns',
    path: ({ ids }) => `/v1/runs/${ids.run}`,
    fault: faultOfTotals(({ run }) => run),
  },
  {
    name: 'tree',
    route: '/v1/runs/{id}/tree',
    about: 'inRuns',
    path: ({ ids }) => `/v1/runs/${ids.run}/tree`,
    fault: faultOfTotals(({ run }) => run),
    fewer: 4,
  },
  {
    name: 'tree.greatRun',
    route: '/v1/runs/{id}/tree',
    about: 'greatRun',
    path: ({ rootRunId }) => `/v1/runs/${rootRunId}/tree`,
    fault: faultOfTotals(({ rootRun }) => rootRun),
    fewer: 20,
  },
  {
    name: 'actions.byRun',
    route: '/v1/actions',
    about: 'inRuns',
    path: ({ ids }) => `/v1/actions?limit=50&run=${ids.run}`,
    fault: ({ actions }: Actions, { ids }) => notAll('run', actions, ({ runId }) => runId === ids.run),
  },
  {
    name: 'actions.byRoot',
    route: '/v1/actions',
    about: 'inRuns',
    path: ({ rootRunId }) => `/v1/actions?limit=50&root=${rootRunId}`,
    fault: ({ actions }: Actions, { rootRunId }) =>
      notAll('root', actions, (action) => action.rootRunId === rootRunId),
  },
  {
    name: 'actions.byPrincipal',
    route: '/v1/actions',
    about: 'inRuns',
    path: ({ truth }) => `/v1/actions?limit=50&principal=${encodeURIComponent(truth.principal!)}`,
    fault: faultOfPrincipals,
    fewer: 4,
  },
  {
    name: 'actions.byPrincipalInAnHour',
    route: '/v1/actions',
    about: 'inRuns',
    path: (sample) =>
      `/v1/actions?limit=50&principal=${encodeURIComponent(sample.truth.principal!)}${hourAround(sample)}`,
    fault: faultOfPrincipals,
  },
  {
    name: 'actions.byTarget',
    route: '/v1/actions',
    about: 'onTargets',
    path: ({ target }) => `/v1/actions?limit=50&target=${encodeURIComponent(target)}`,
    fault: faultOfTargets,
    fewer: 4,
  },
  {
    name: 'actions.byTextInAnHour',
    route: '/v1/actions',
    about: 'any',
    path: (sample) => `/v1/actions?limit=50&text=${encodeURIComponent('set state')}${hourAround(sample)}`,
    fewer: 4,
  },
  {
    name: 'actions.byText',
    route: '/v1/actions',
    about: 'any',
    path: () => `/v1/actions?limit=50&text=${encodeURIComponent('set state')}`,
    fewer: 20,
  },
  {
    name: 'actions.newest',
    route: '/v1/actions',
    about: 'any',
    path: () => '/v1/actions?limit=50',
    fewer: 10,
  },
  {
    name: 'run.reach',
    route: '/v1/runs/{id}/reach',
    about: 'inRuns',
    path: ({ ids }) => `/v1/runs/${ids.run}/reach`,
    fewer: 4,
  },
  {
    name: 'run.reach.greatRun',
    route: '/v1/runs/{id}/reach',
    about: 'greatRun',
    path: ({ rootRunId }) => `/v1/runs/${rootRunId}/reach`,
    fewer: 20,
  },
  {
    name: 'principals',
    route: '/v1/principals',
    about: 'any',
    path: () => '/v1/principals?limit=50',
    fewer: 10,
  },
  ...(['', '/footprint', '/reach'] as const).map((part) => ({
    name: `principal${part.replace('/', '.')}`,
    route: `/v1/principals/{id}${part}`,
    about: 'inRuns' as const,
    path: ({ truth }: Sample) => `/v1/principals/${encodeURIComponent(truth.principal!)}${part}`,
    fewer: 4,
  })),
  ...(['onTargets', 'onShapes'] as const).map((about) => ({
    name: about === 'onTargets' ? 'target.history' : 'target.historyOfShape',
    route: '/v1/targets/{uri}/history',
    about,
    path: ({ target }: Sample) => `/v1/targets/${encodeURIComponent(target)}/history?limit=50`,
    fault: faultOfTargets,
    fewer: 4,
  })),
  { name: 'coverage', route: '/v1/coverage', about: 'any', path: () => '/v1/coverage?by=service', fewer: 20 },
  { name: 'findings', route: '/v1/findings', about: 'any', path: () => '/v1/findings?limit=50', fewer: 10 },
  {
    name: 'who.graph',
    route: '/v1/who/graph',
    about: 'any',
    path: ({ ids }) => `/v1/who/graph?span=${ids.span}&trace=${ids.trace}`,
  },
  {
    name: 'jaeger.trace',
    route: '/api/traces/{traceID}',
    about: 'any',
    path: ({ ids }) => `/api/traces/${ids.trace}`,
  },
  {
    name: 'jaeger.traceV3',
    route: '/api/v3/traces/{traceId}',
    about: 'any',
    path: ({ ids }) => `/api/v3/traces/${ids.trace}`,
  },
];

function faultOfWho(answer: WhoAnswered, { truth, top, ids, rootRunId }: Sample): string | undefined {
  const named = answer.principal?.assurance === 'inherited' ? truth.inherited : truth.principal;
  return (
    differs('principal', answer.principal?.id, named) ??
    differs('length of the chain', answer.chain.length, truth.chain.length) ??
    differs('beginning of the chain', answer.chain[0]?.action.spanId, ids.span) ??
    differs('end of the chain', answer.chain.at(-1)?.action.spanId, top.span) ??
    (truth.principal === undefined ? undefined : differs('root', answer.run?.rootId, rootRunId))
  );
}

function faultOfPrincipals({ actions }: Actions, { truth }: Sample): string | undefined {
  return notAll('principal', actions, ({ principal }) => principal?.id === truth.principal);
}

const differs = (what: string, is: unknown, should: unknown): string | undefined =>
  is === should ? undefined : `${what}: ${String(is)}, not ${String(should)}`;

function faultOfTargets({ actions }: Actions, { target }: Sample): string | undefined {
  const [begins] = target.split('{id}') as [string];
  return notAll('target', actions, (action) => action.target?.startsWith(begins) === true);
}

const notAll = <Item>(
  what: string,
  items: readonly Item[],
  suits: (item: Item) => boolean,
): string | undefined => {
  if (items.length === 0) return 'nothing found';
  return items.every(suits) ? undefined : `${what}: of another`;
};
