import { StoreError } from '@whence/store';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import type { Forwarding } from '../forward/forwarding.ts';
import type { Sender } from '../intake/intake.ts';
import { TenantLimits } from './tenant-limits.ts';
import { createReceiver } from './trace-receiver.ts';

const SENDER: Sender = { tenant: 'acme', actor: '', witness: 'sdk' };

const receiverWith = (
  accept: () => Promise<{ spans: number; rejectedSpans: number }>,
  traces: () => Promise<void>,
) =>
  createReceiver({
    intake: { accept },
    identify: () => ({ status: 'anonymous' }),
    limits: new TenantLimits(() => undefined),
    forwarding: { traces, other: async () => {}, spools: [], stop: async () => {} } satisfies Forwarding,
    log: pino({ level: 'silent' }),
  });

it('stores nothing where the second endpoint’s spool says no: the sender will send it again', async () => {
  let stored = 0;
  const receiver = receiverWith(
    async () => ({ spans: ++stored, rejectedSpans: 0 }),
    () => Promise.reject(new StoreError('spool_unavailable', 'full')),
  );
  const received = await receiver.receive(SENDER, () => new Uint8Array(1));
  expect(received).toMatchObject({ status: 'refused', reason: 'unavailable', retryAfterSeconds: 1 });
  expect(stored).toBe(0);
});

it('answers when nobody looks at the body any more', async () => {
  let looking = 0;
  const look = async (): Promise<void> => {
    looking++;
    await new Promise((resolve) => setTimeout(resolve, 5));
    looking--;
  };
  const receiver = receiverWith(async () => {
    await look();
    throw new StoreError('spool_unavailable', 'full');
  }, look);
  await receiver.receive(SENDER, () => new Uint8Array(1));
  expect(looking).toBe(0);
});
