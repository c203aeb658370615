import type { Counters } from '@whence/model';
import type { Delivery, FindingStore, MutePattern } from '@whence/store';
import type { Logger } from 'pino';
import { COUNTED, newCounters } from '../../counters.ts';
import { findingAnswer } from '../finding-answer.ts';
import { oneAtATime, type Rounds } from '../rounds.ts';
import { type FindingsFile, mutesInForce } from '../rule-settings.ts';
import { waitAfter } from './retry.ts';
import { send } from './send.ts';
import { endpointKey, type Webhooks } from './webhooks.ts';
import type { Endpoint } from './webhooks-file.ts';

export interface DelivererOptions {
  readonly webhooks: Webhooks;
  readonly storeOf: (tenant: string) => FindingStore;
  readonly file: FindingsFile;
  readonly tenants: () => Promise<readonly string[]>;
  readonly baseUrl: string;
  /** Shown by `/metrics`. */
  readonly counters?: Counters;
  readonly logger: Logger;
  readonly now?: () => number;
}

/** What became of an attempt, as it is counted. */
const outcomeOf = ({ status }: Delivery): string =>
  status === 'failed' ? 'retried' : status === 'dead' ? 'failed' : status;

const AT_ONCE = 50;
/** Somebody who began to send is given up after the longest answer and some more. */
const LEASE_MARGIN_MILLIS = 30_000;

/**
 * Sends what is due: to each receiver one after the other, the oldest first, to all receivers at once. What a receiver
 * has acknowledged is not sent again, unless it cannot be noted: each thing is told at least once.
 */
export const deliverer = (options: DelivererOptions): Rounds => {
  const { webhooks, storeOf, file, tenants, logger, now = Date.now, counters = newCounters() } = options;

  const round = async (isClosed: () => boolean): Promise<void> => {
    if (webhooks.endpoints.length === 0) return;
    try {
      for (const tenant of await tenants()) {
        const store = storeOf(tenant);
        const endpoints = webhooks.of(tenant);
        if (endpoints.length === 0) continue;
        const mutes = await mutesInForce(file, store, now());
        await Promise.all(endpoints.map((endpoint) => toOne(store, endpoint, tenant, mutes, isClosed)));
      }
    } catch (error) {
      logger.warn({ err: error }, 'findings: nothing could be delivered, the store does not answer');
    }
  };

  const toOne = async (
    store: FindingStore,
    endpoint: Endpoint,
    tenant: string,
    mutes: readonly MutePattern[],
    isClosed: () => boolean,
  ): Promise<void> => {
    const key = endpointKey(endpoint);
    const due = await store.deliveries.due(key, now(), AT_ONCE);
    if (due.length === 0) return;
    if (await store.deliveries.isGone(key)) {
      await store.deliveries.record(
        due.map((each) => ({ ...each, status: 'gone', failure: 'the receiver had said 410' })),
      );
      count(endpoint, 'gone', due.length);
      return;
    }
    const findings = await store.findings.byIds([...new Set(due.map(({ findingId }) => findingId))], mutes);
    for (const delivery of due) {
      if (isClosed()) return;
      const finding = findings.get(delivery.findingId);
      // Put down, and not on record yet: whoever found it is about to write it, or will find it again.
      if (finding === undefined) continue;
      if (finding.state === 'muted' || (await wasWithheld(store, delivery))) {
        await store.deliveries.record([
          { ...delivery, attempt: delivery.attempt + 1, status: 'withheld', dueAtMillis: now() },
        ]);
        count(endpoint, 'withheld');
        continue;
      }
      const body = JSON.stringify({
        type: delivery.event,
        timestamp: new Date(delivery.eventAtMillis).toISOString(),
        data: { tenant, finding: linkedFrom(options.baseUrl, findingAnswer(finding)) },
      });
      const done = await attempt(store, endpoint, delivery, body);
      if (done.status !== 'delivered') return;
    }
  };

  const count = ({ name }: Endpoint, outcome: string, times = 1): void =>
    counters.add(COUNTED.findingDeliveries, times, `endpoint="${name}",outcome="${outcome}"`);

  /** What was never opened there is not resolved there. */
  const wasWithheld = async (
    store: FindingStore,
    { event, findingId, endpoint }: Delivery,
  ): Promise<boolean> => {
    if (event !== 'finding.resolved') return false;
    const { deliveries } = await store.deliveries.search({ findingId, status: 'withheld', limit: 100 });
    return deliveries.some((other) => other.endpoint === endpoint);
  };

  const attempt = async (
    store: FindingStore,
    endpoint: Endpoint,
    delivery: Delivery,
    body: string,
  ): Promise<Delivery> => {
    const { httpStatus: _, failure: __, ...rest } = delivery;
    const begun: Delivery = {
      ...rest,
      attempt: delivery.attempt + 1,
      status: 'sending',
      dueAtMillis: now() + endpoint.timeoutSeconds * 1000 + LEASE_MARGIN_MILLIS,
    };
    await store.deliveries.record([begun]);
    const outcome = await send(endpoint, delivery.id, body, now());
    const wait = outcome.status === 'failed' ? waitAfter(begun.attempt, outcome.retryAfterMillis) : undefined;
    const done: Delivery = {
      ...begun,
      status: outcome.status === 'failed' && wait === undefined ? 'dead' : outcome.status,
      ...(outcome.httpStatus === undefined ? {} : { httpStatus: outcome.httpStatus }),
      ...(outcome.status === 'failed' ? { failure: outcome.failure } : {}),
      dueAtMillis: now() + (wait ?? 0),
    };
    await store.deliveries.record([done]);
    count(endpoint, outcomeOf(done));
    if (done.status !== 'delivered') {
      logger.warn(
        {
          endpoint: endpoint.name,
          delivery: delivery.id,
          attempt: done.attempt,
          status: done.status,
          failure: done.failure,
        },
        'findings: a receiver did not take a finding',
      );
    }
    return done;
  };

  return oneAtATime(round);
};

const linkedFrom = <
  Answer extends { readonly links: readonly { readonly rel: string; readonly href: string }[] },
>(
  baseUrl: string,
  answer: Answer,
): Answer => ({
  ...answer,
  links: answer.links.map(({ rel, href }) => ({ rel, href: baseUrl.replace(/\/$/, '') + href })),
});
