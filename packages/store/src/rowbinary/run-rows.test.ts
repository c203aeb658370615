import type { Run } from '@whence/model';
import { expect, it } from 'vitest';
import { RowWriter } from './row-writer.ts';
import { decodeRunRows, encodeRunRow } from './run-rows.ts';

const PLACE = { batchId: Buffer.alloc(16, 7), rowNumber: 0, receivedAtMillis: 1_790_000_000_000 };

const root: Run = {
  id: '01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10',
  rootId: '01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10',
  path: [],
  job: 'nightly-reconcile',
  attempt: 1,
  trigger: 'schedule',
  principal: { id: 'k8s://prod/payments/reconcile', kind: 'service_account' },
  assurance: 'verified',
  tenant: 'default',
  startedAt: '2026-11-22T01:02:03.004Z',
};
const child: Run = {
  ...root,
  id: '01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a11',
  parentId: root.id,
  path: [root.id],
  attempt: 3,
  trigger: 'parent',
  authority: { id: 'policy:nightly', kind: 'policy' },
  actor: 'k8s://prod/payments/scheduler',
  tenant: 'elsewhere',
};
const ended: Run = { ...child, endedAt: '2026-11-22T01:02:04.000Z', outcome: 'failure', message: 'Grüße\n' };

it('a run is the same when it is read again, in each of its records', () => {
  const writer = new RowWriter();
  encodeRunRow(writer, 'started', root, PLACE);
  encodeRunRow(writer, 'started', child, { ...PLACE, rowNumber: 1 });
  encodeRunRow(writer, 'ended', ended, { ...PLACE, rowNumber: 2 });
  expect([...decodeRunRows(writer.copyOut())]).toEqual([root, child, ended]);
});

it('bytes that end inside a row are refused', () => {
  const writer = new RowWriter();
  encodeRunRow(writer, 'started', root, PLACE);
  const bytes = writer.copyOut();
  expect(() => [...decodeRunRows(bytes.subarray(0, -1))]).toThrowError(
    expect.objectContaining({ code: 'row_malformed' }),
  );
});
