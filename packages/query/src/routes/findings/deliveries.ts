import { DELIVERY_EVENTS, DELIVERY_STATUSES, type Delivery, type DeliveryPosition } from '@whence/store';
import { z } from 'zod';
import type { Route } from '../../api/endpoint.ts';
import { type PositionCodec, pageEndpoint } from '../../api/page-endpoint.ts';
import { type AskedFindings, uuid } from './asked-findings.ts';

const DELIVERY = z
  .object({
    id: z.string().describe('`webhook-id` of the message.'),
    endpoint: z.string().describe('Name of the receiver, and a hash of its address.'),
    finding: z.string(),
    event: z.enum(DELIVERY_EVENTS),
    status: z
      .enum(DELIVERY_STATUSES)
      .describe(
        'dead: given up. gone: the receiver wants nothing any more (410). withheld: it was muted when it was due.',
      ),
    attempts: z.number(),
    httpStatus: z.number().exactOptional(),
    failure: z.string().exactOptional(),
    happenedAt: z.string(),
    dueAt: z.string().exactOptional().describe('When it is tried next.'),
  })
  .readonly()
  .meta({ id: 'FindingDelivery', description: 'What was, or is to be, told to a receiver.' });

const POSITION: PositionCodec<DeliveryPosition> = {
  write: ({ eventAtMillis, id }) => [String(eventAtMillis), id],
  read: ([millis = '', id = '']) =>
    /^\d{1,15}$/.test(millis) && /^[0-9a-f-]{36}$/.test(id)
      ? { eventAtMillis: Number(millis), id }
      : undefined,
};

export const deliveriesRoute = ({ storeOf }: AskedFindings): Route =>
  pageEndpoint({
    path: '/v1/findings/deliveries',
    role: 'auditor',
    tag: 'findings',
    summary: 'What receivers were told, newest first',
    examples: [{ summary: 'What was given up', request: '/v1/findings/deliveries?status=dead' }],
    parameters: z.object({
      status: z.enum(DELIVERY_STATUSES, `one of ${DELIVERY_STATUSES.join(', ')}`).optional(),
      finding: uuid.optional(),
    }),
    name: 'deliveries',
    item: DELIVERY,
    columns: [
      'happenedAt',
      'endpoint',
      'event',
      'status',
      'attempts',
      'httpStatus',
      'failure',
      'dueAt',
      'finding',
      'id',
    ],
    position: POSITION,
    respond: async ({ parameters: { status, finding }, limit, after }, { asker }) => {
      const page = await storeOf(asker).deliveries.search({
        ...(status === undefined ? {} : { status }),
        ...(finding === undefined ? {} : { findingId: finding }),
        limit,
        ...(after === undefined ? {} : { after }),
      });
      return {
        items: page.deliveries.map(deliveryAnswer),
        ...(page.next === undefined ? {} : { next: page.next }),
      };
    },
  });

const WAITING = new Set(['pending', 'sending', 'failed']);

const deliveryAnswer = (delivery: Delivery): z.input<typeof DELIVERY> => ({
  id: delivery.id,
  endpoint: delivery.endpoint,
  finding: delivery.findingId,
  event: delivery.event,
  status: delivery.status,
  attempts: delivery.attempt,
  ...(delivery.httpStatus === undefined ? {} : { httpStatus: delivery.httpStatus }),
  ...(delivery.failure === undefined ? {} : { failure: delivery.failure }),
  happenedAt: new Date(delivery.eventAtMillis).toISOString(),
  ...(WAITING.has(delivery.status) ? { dueAt: new Date(delivery.dueAtMillis).toISOString() } : {}),
});
