import { type FindingStore, findingStoreOf } from '@whence/store';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { COUNTED, newCounters } from '../../counters.ts';
import { openTemporaryStore, type TemporaryStore } from '../../temporary-store.fixture.ts';
import { exampleFinding } from '../example-finding.fixture.ts';
import type { Rounds } from '../rounds.ts';
import { NO_FILE } from '../rule-settings.ts';
import { deliverer } from './deliverer.ts';
import { isSigned, nothing, type Receiver, startReceiver, status } from './receiver.fixture.ts';
import { WAITS } from './retry.ts';
import { newWebhooks, type Webhooks } from './webhooks.ts';
import { readWebhooksFile } from './webhooks-file.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const FORMER = 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
const HOUR = 3_600_000;

let temporary: TemporaryStore;
let receiver: Receiver;
let now: number;
let number = 0;

beforeAll(async () => {
  temporary = await openTemporaryStore();
});

afterAll(() => temporary?.remove());

beforeEach(async () => {
  receiver = await startReceiver();
  now = Date.now();
  number += 1;
});

afterEach(() => receiver?.close());

interface Sending {
  readonly store: FindingStore;
  readonly webhooks: Webhooks;
  readonly sender: Rounds;
  /** Another service on the same store. */
  another(): Rounds;
  tell(times?: number): Promise<void>;
  statuses(): Promise<readonly string[]>;
  /** Attempts that were counted as this. */
  counted(outcome: string): number;
}

const sending = (more = ''): Sending => {
  const tenant = `t${number}`;
  const file = readWebhooksFile(
    `{ baseUrl: 'https://whence.example', endpoints: [{ name: pager, url: '${receiver.url}', secrets: [${SECRET}, ${FORMER}], timeoutSeconds: 1 ${more} }] }`,
    'webhooks.yaml',
  );
  const storeOf = (of: string) => findingStoreOf(temporary.store, of);
  const store = storeOf(tenant);
  const webhooks = newWebhooks(file, tenant, storeOf);
  const counters = newCounters();
  const another = () =>
    deliverer({
      ...{ webhooks, storeOf, file: NO_FILE, baseUrl: file.baseUrl },
      tenants: async () => [tenant],
      counters,
      logger: pino({ level: 'silent' }),
      now: () => now,
    });
  return {
    store,
    webhooks,
    another,
    sender: another(),
    tell: async (times = 1) => {
      for (let index = 0; index < times; index += 1) {
        const id = exampleFinding.id.replace(/.$/, String(index));
        const part = { ...exampleFinding, id };
        await webhooks.queue(tenant, [{ part, isAgain: false }], [], now);
        await store.findings.tell([part]);
      }
    },
    statuses: async () =>
      (await store.deliveries.search({ limit: 100 })).deliveries.map((each) => each.status),
    counted: (outcome) => {
      const series = `${COUNTED.findingDeliveries}{endpoint="pager",outcome="${outcome}"} `;
      const line = counters
        .render({})
        .split('\n')
        .find((each) => each.startsWith(series));
      return Number(line?.slice(series.length) ?? 0);
    },
  };
};

test('a message is signed with every secret, says what was found, and links to it', async () => {
  const { tell, sender, statuses } = sending();
  await tell();
  await sender.round();
  expect(receiver.got).toHaveLength(1);
  const [got] = receiver.got;
  expect([isSigned(got!, SECRET), isSigned(got!, FORMER)]).toEqual([true, true]);
  expect(isSigned({ ...got!, text: `${got!.text} ` }, SECRET)).toBe(false);
  expect(JSON.parse(got!.text)).toMatchObject({
    type: 'finding.opened',
    data: {
      finding: {
        rule: 'outside_run',
        sentence: exampleFinding.sentence,
        links: expect.arrayContaining([
          {
            rel: 'finding',
            href: `https://whence.example/v1/findings/${exampleFinding.id.replace(/.$/, '0')}`,
          },
        ]),
      },
    },
  });
  expect(await statuses()).toEqual(['delivered']);
  await sender.round();
  expect(receiver.got).toHaveLength(1);
});

test('what fails is sent again under the same id: after an error, a redirect, a silence', async () => {
  const { tell, sender, statuses, store } = sending();
  receiver.answer(status(500), status(302, { location: 'http://127.0.0.1:1/' }), nothing, status(200));
  await tell();
  const failures: (string | undefined)[] = [];
  for (let round = 0; round < 3; round += 1) {
    await sender.round();
    failures.push((await store.deliveries.search({ limit: 1 })).deliveries[0]?.failure);
    // It is not tried before it is due.
    await sender.round();
    expect(receiver.got).toHaveLength(round + 1);
    now += WAITS[round]!;
  }
  expect(failures).toEqual([
    'answered 500',
    'answered with a redirect, which is not followed',
    'no answer within 1 s',
  ]);
  await sender.round();
  expect(await statuses()).toEqual(['delivered']);
  expect(new Set(receiver.got.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  expect(receiver.got).toHaveLength(4);
});

test('a receiver that is down gets everything in order once it is up, from another service as well', async () => {
  const { tell, sender, another, statuses, store } = sending();
  const { url } = receiver;
  await receiver.close();
  await tell(3);
  await sender.round();
  expect((await statuses()).toSorted()).toEqual(['failed', 'pending', 'pending']);
  expect((await store.deliveries.search({ limit: 3, status: 'failed' })).deliveries[0]?.failure).toBe(
    'no answer: ECONNREFUSED',
  );
  await sender.close();
  receiver = await startReceiver(Number(new URL(url).port));
  now += HOUR;
  await another().round();
  expect(await statuses()).toEqual(['delivered', 'delivered', 'delivered']);
});

test('410 ends it for good; what is given up is counted', async () => {
  const { tell, sender, statuses, counted } = sending();
  receiver.answer(status(410));
  await tell(2);
  await sender.round();
  await sender.round();
  expect(await statuses()).toEqual(['gone', 'gone']);
  expect(counted('gone')).toBe(2);
  expect(receiver.got).toHaveLength(1);
});

test('after two days it is given up', async () => {
  const { tell, sender, statuses, counted } = sending();
  receiver.answer(status(503, { 'retry-after': '60' }));
  await tell();
  for (const wait of [...WAITS, HOUR]) {
    await sender.round();
    now += Math.max(wait, 60_000);
  }
  expect(await statuses()).toEqual(['dead']);
  expect([counted('retried'), counted('failed')]).toEqual([WAITS.length, 1]);
  expect(receiver.got).toHaveLength(WAITS.length + 1);
});

test('what is muted is withheld, and so is that it is over', async () => {
  const { tell, sender, statuses, store, webhooks, counted } = sending();
  await store.mutes.add({
    rule: 'outside_*',
    principal: '*',
    target: '*',
    reason: 'known',
    by: 'user:ada@dev',
  });
  await tell();
  await sender.round();
  expect(await statuses()).toEqual(['withheld']);
  const part = { ...exampleFinding, id: exampleFinding.id.replace(/.$/, '0'), count: 0 };
  await webhooks.queue(`t${number}`, [], [part], now);
  await store.findings.tell([part]);
  await sender.round();
  expect(await statuses()).toEqual(['withheld', 'withheld']);
  expect(counted('withheld')).toBe(2);
  expect(receiver.got).toHaveLength(0);
});

test('a receiver is told of its rules, severities and tenants alone; nothing twice', async () => {
  const { tell, statuses } = sending(', severity: high');
  await tell();
  expect(await statuses()).toEqual([]);
  const other = sending(", rules: ['refuted_*', 'dark_action']");
  await other.tell();
  expect(await other.statuses()).toEqual([]);
  const foreign = sending(', tenants: [elsewhere]');
  await foreign.tell();
  expect(await foreign.statuses()).toEqual([]);
  const own = sending(", rules: ['outside_*']");
  await own.tell();
  await own.tell();
  expect(await own.statuses()).toEqual(['pending']);
});

test('every fault of a file is told at once, and no secret', () => {
  const faulty = `
endpoints:
  - { name: Pager, url: 'ftp://x', secrets: [whsec_c2hvcnQ=] }
  - { name: a, url: 'https://u:p@x', secrets: [], severity: grave }
  - { name: a, url: 'https://x', secrets: ['${SECRET}'], rules: [no_rule] }
`;
  expect(() => readWebhooksFile(faulty, 'w.yaml')).toThrow(
    expect.objectContaining({ code: 'settings_invalid', message: expect.not.stringContaining('c2hvcnQ') }),
  );
  try {
    readWebhooksFile(faulty, 'w.yaml');
  } catch (error) {
    expect((error as Error).message.split('\n').map((line) => line.split(': ')[1])).toEqual([
      ...['endpoints[0].name', 'endpoints[0].url', 'endpoints[0].secrets[0]'],
      ...['endpoints[1].url', 'endpoints[1].secrets', 'endpoints[1].severity', 'endpoints[2].rules[0]'],
    ]);
  }
});
