import { createHash } from 'node:crypto';
import {
  type Delivery,
  type DeliveryEvent,
  type FindingPart,
  type FindingStore,
  SEVERITIES,
} from '@whence/store';
import { derivedId } from '../finding-id.ts';
import type { Opened } from '../pass.ts';
import { HOUR } from '../rule.ts';
import type { Endpoint, WebhooksFile } from './webhooks-file.ts';

/** Who is to be told of what. */
export interface Webhooks {
  readonly endpoints: readonly Endpoint[];
  /** Those that are told of a tenant's findings. */
  of(tenant: string): readonly Endpoint[];
  /** Puts down what is to be told, before it is on record: what is put down twice is told once. @throws StoreError */
  queue(
    tenant: string,
    opened: readonly Opened[],
    resolved: readonly FindingPart[],
    nowMillis: number,
  ): Promise<void>;
}

export const newWebhooks = (
  { endpoints }: WebhooksFile,
  ownTenant: string,
  storeOf: (tenant: string) => FindingStore,
): Webhooks => {
  const of = (tenant: string): readonly Endpoint[] =>
    endpoints.filter(({ tenants = [ownTenant] }) => tenants.includes(tenant));
  return {
    endpoints,
    of,
    queue: async (tenant, opened, resolved, nowMillis) => {
      const deliveries = of(tenant).flatMap((endpoint) => [
        ...opened
          .filter(({ part }) => isFor(endpoint, part))
          .map(({ part, isAgain }) =>
            pending(tenant, endpoint, part, 'finding.opened', isAgain ? hourOf(nowMillis) : '', nowMillis),
          ),
        ...resolved
          .filter((part) => isFor(endpoint, part))
          .map((part) => pending(tenant, endpoint, part, 'finding.resolved', hourOf(nowMillis), nowMillis)),
      ]);
      if (deliveries.length > 0) await storeOf(tenant).deliveries.record(deliveries);
    },
  };
};

/** What deliveries are kept under: another address is another receiver. */
export const endpointKey = ({ name, url }: Endpoint): string =>
  `${name}@${createHash('sha256').update(url).digest('hex').slice(0, 12)}`;

const isFor = ({ severity, rules }: Endpoint, part: FindingPart): boolean =>
  SEVERITIES.indexOf(part.severity) >= SEVERITIES.indexOf(severity) &&
  rules.some((glob) => globOf(glob).test(part.rule));

/** Of codes of rules, which are short. */
const globOf = (glob: string): RegExp =>
  new RegExp(
    `^${glob
      .split('*')
      .map((text) => text.replaceAll(/[^\w]/g, '\\$&'))
      .join('.*')}$`,
  );

/** What comes and goes is told once an hour at most. */
const hourOf = (millis: number): string => String(Math.floor(millis / HOUR));

const pending = (
  tenant: string,
  endpoint: Endpoint,
  part: FindingPart,
  event: DeliveryEvent,
  occurrence: string,
  nowMillis: number,
): Delivery => ({
  id: derivedId('delivery', tenant, endpointKey(endpoint), part.id, event, occurrence),
  endpoint: endpointKey(endpoint),
  findingId: part.id,
  event,
  attempt: 0,
  status: 'pending',
  dueAtMillis: nowMillis,
  eventAtMillis: nowMillis,
});
