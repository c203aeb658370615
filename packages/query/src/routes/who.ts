import { WHO } from '../answers/who.ts';
import { endpoint } from '../api/endpoint.ts';
import { withWhatWentFromWho } from '../lineage/no-longer-kept.ts';
import { knownWhen, WHO_PARAMETERS, whoIsAsked } from './who-is-asked.ts';

export const whoRoute = endpoint({
  path: '/v1/who',
  tag: 'lineage',
  summary: 'Who caused this?',
  description:
    'From a span, a trace or a run up to the root, across traces. From what was touched or said: the actions that come into question, the likeliest first, and the whole answer for that one.',
  examples: [
    { summary: 'By span', request: '/v1/who?span=e000000000000004' },
    {
      summary: 'By trace: its root action',
      request: '/v1/who?trace=f0000000000000000000000000000000',
    },
    {
      summary: 'By run: the span that opens it',
      request: '/v1/who?run=01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10',
    },
    {
      summary: 'By a table, and when a row of it changed',
      request: '/v1/who?target=postgresql://db:5432/bank/invoices&at=2026-03-01T03:14:08Z',
    },
    {
      summary: 'By what was said',
      request: '/v1/who?statement=update%20invoices%20set%20paid%3D%27t%27&at=2026-03-01T03:14:08Z&within=1h',
    },
    {
      summary: 'By an object of Kubernetes',
      request: '/v1/who?object=prod/deployments/web&at=2026-03-01T03:14:08Z',
    },
    { summary: 'By a commit', request: '/v1/who?commit=4f3c9a1' },
    {
      summary: 'As it was known at a past time',
      request: '/v1/who?span=e000000000000004&asOf=2026-09-01T00:00:00Z',
    },
  ],
  parameters: WHO_PARAMETERS,
  answer: WHO,
  rowsIn: ({ chain }) => chain.length,
  respond: async ({ parameters }, context) =>
    withWhatWentFromWho(context.kept, await whoIsAsked(knownWhen(context, parameters), parameters)),
});
