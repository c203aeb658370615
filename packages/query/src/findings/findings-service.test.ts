import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTemporaryStore, type TemporaryStore } from '../temporary-store.fixture.ts';
import { startFindings } from './findings-service.ts';
import { HOUR } from './rule.ts';
import { scenarioOf } from './scenario.fixture.ts';
import { isSigned, startReceiver } from './webhooks/receiver.fixture.ts';
import { readWebhooksFile } from './webhooks/webhooks-file.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

let temporary: TemporaryStore;

beforeAll(async () => {
  temporary = await openTemporaryStore();
});

afterAll(() => temporary?.remove());

test('by itself: from what was received to who is told of it, until it is closed', async () => {
  const receiver = await startReceiver();
  const { did, insert, tenant } = scenarioOf(temporary.store, 'refuted_reference');
  await insert([did(undefined, Date.now() - HOUR, { Assurance: 'refuted' })]);
  const service = startFindings({
    store: temporary.store,
    tenant,
    webhooks: readWebhooksFile(
      `{ endpoints: [{ name: pager, url: '${receiver.url}', secrets: [${SECRET}] }] }`,
      'webhooks.yaml',
    ),
    everyMillis: 100,
    logger: pino({ level: 'silent' }),
  });
  try {
    await expect.poll(() => receiver.got.length, { timeout: 50_000 }).toBe(1);
    const [got] = receiver.got;
    expect(isSigned(got!, SECRET)).toBe(true);
    expect(JSON.parse(got!.text)).toMatchObject({
      type: 'finding.opened',
      data: { tenant, finding: { rule: 'refuted_reference', state: 'open' } },
    });
  } finally {
    await service.close();
    await receiver.close();
  }
  // Nothing goes on.
  await insert([did(undefined, Date.now() - HOUR, { Assurance: 'refuted', ServiceName: 'other' })]);
  await new Promise((resolve) => setTimeout(resolve, 2500));
  expect(receiver.got).toHaveLength(1);
}, 60_000);
