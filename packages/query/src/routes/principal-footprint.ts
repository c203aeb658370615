import type { FootprintPosition } from '@whence/store';
import { FOOTPRINT } from '../answers/inventory.ts';
import { type PositionCodec, pageEndpoint } from '../api/page-endpoint.ts';
import { PRINCIPAL_ADDRESS } from './principal.ts';

const POSITION: PositionCodec<FootprintPosition> = {
  write: ({ firstNanos, system, operation, target }) => [firstNanos.toString(), system, operation, target],
  read: ([nanos = '', system, operation, target]) =>
    /^-?\d{1,19}$/.test(nanos) && system !== undefined && operation !== undefined && target !== undefined
      ? { firstNanos: BigInt.asIntN(64, BigInt(nanos)), system, operation, target }
      : undefined,
};

export const principalFootprintRoute = pageEndpoint({
  path: '/v1/principals/{id}/footprint',
  tag: 'inventory',
  summary: 'Everything that a principal has ever done to anything: what it first did last, first',
  description: 'What it does for the first time while pages are turned is not on them, and shifts nothing.',
  examples: [
    { summary: 'Of a scheduler', request: '/v1/principals/k8s%3A%2F%2Fdemo%2Fjobs%2Fnightly/footprint' },
  ],
  pathParameters: PRINCIPAL_ADDRESS,
  name: 'footprint',
  item: FOOTPRINT,
  columns: ['system', 'operation', 'target', 'actions', 'errors', 'firstSeen', 'lastSeen'],
  position: POSITION,
  respond: async ({ path: { id }, limit, after }, { readers, notFound }) => {
    const page = await readers.principals.footprint(id, { limit, ...(after === undefined ? {} : { after }) });
    if (page.footprints.length === 0 && (await readers.principals.byId(id)) === undefined) {
      throw await notFound.principal(id);
    }
    return { items: page.footprints, ...(page.next === undefined ? {} : { next: page.next }) };
  },
});
