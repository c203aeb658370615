import type { Plan } from '../work/plan.ts';
import { actionsBelow } from '../work/truth.ts';
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
  readonly principal?: { readonly id: string };
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

/** Every endpoint that is measured. To add one is to add a line. */
export const ENDPOINTS: readonly Endpoint[] = [
  ...(['any', 'greatRun', 'millionSpanTrace'] as const).map((about) => ({
    name: about === 'any' ? 'who' : `who.${about}`,
    route: '/v1/who',
    about,
    path: ({ ids }: Sample) => `/v1/who?span=${ids.span}&trace=${ids.trace}`,
    fault: faultOfWho,
  })),
  {
    name: 'who.bySpanAlone',
    route: '/v1/who',
    about: 'any',
    path: ({ ids }) => `/v1/who?span=${ids.span}`,
    fault: faultOfWho,
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
    fault: faultOfTotals,
  },
  {
    name: 'tree',
    route: '/v1/runs/{id}/tree',
    about: 'inRuns',
    path: ({ ids }) => `/v1/runs/${ids.run}/tree`,
    fault: faultOfTotals,
    fewer: 4,
  },
  {
    name: 'tree.greatRun',
    route: '/v1/runs/{id}/tree',
    about: 'greatRun',
    path: ({ rootRunId }) => `/v1/runs/${rootRunId}/tree`,
    fault: (answer: Totalled, { truth: { place, rootRun } }, plan) =>
      differs('actions', answer.totals.actions, actionsBelow(plan, place.execution, rootRun!)),
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
    fault: ({ actions }: Actions, { target }) =>
      notAll('target', actions, (action) => action.target?.startsWith(target) === true),
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
];

function faultOfWho(answer: WhoAnswered, { truth, top, ids, rootRunId }: Sample): string | undefined {
  return (
    differs('principal', answer.principal?.id, truth.principal) ??
    differs('length of the chain', answer.chain.length, truth.chain.length) ??
    differs('beginning of the chain', answer.chain[0]?.action.spanId, ids.span) ??
    differs('end of the chain', answer.chain.at(-1)?.action.spanId, top.span) ??
    (truth.principal === undefined ? undefined : differs('root', answer.run?.rootId, rootRunId))
  );
}

function faultOfTotals(answer: Totalled, { truth }: Sample, plan: Plan): string | undefined {
  const { place, run } = truth;
  return differs('actions', answer.totals.actions, actionsBelow(plan, place.execution, run!));
}

function faultOfPrincipals({ actions }: Actions, { truth }: Sample): string | undefined {
  return notAll('principal', actions, ({ principal }) => principal?.id === truth.principal);
}

const differs = (what: string, is: unknown, should: unknown): string | undefined =>
  is === should ? undefined : `${what}: ${String(is)}, not ${String(should)}`;

const notAll = <Item>(
  what: string,
  items: readonly Item[],
  suits: (item: Item) => boolean,
): string | undefined => {
  if (items.length === 0) return 'nothing found';
  return items.every(suits) ? undefined : `${what}: of another`;
};
