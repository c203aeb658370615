import type { Action, Run } from '@whence/model';
import type { RunTree, TreeNode, WhoAnswer } from '@whence/query';

/** Answers as the query service gives them, of a nightly job: what the renderers' tests draw. */
const RUN_ID = '01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10';
const NIGHTLY = { id: 'k8s://demo/jobs/nightly', kind: 'scheduler' } as const;

export const run: Run = {
  id: RUN_ID,
  rootId: RUN_ID,
  path: [],
  job: 'nightly-reconcile',
  attempt: 1,
  trigger: 'schedule',
  principal: NIGHTLY,
  authority: { kind: 'policy', id: 'policy:nightly-jobs@3' },
  assurance: 'verified',
  actor: 'k8s://demo/jobs/scheduler',
  tenant: 'default',
  startedAt: '2026-03-01T03:14:00.000Z',
  endedAt: '2026-03-01T03:14:01.520Z',
  outcome: 'success',
};

export const reportRun: Run = {
  ...run,
  id: '01989f3c-7000-7a53-8b8e-7c1f7f1f2a10',
  parentId: RUN_ID,
  path: [RUN_ID],
  job: 'nightly-report',
  trigger: 'parent',
};

export const action = (more: Partial<Action> & { readonly name: string }): Action => ({
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  kind: 'internal',
  startTime: '2026-03-01T03:14:00.000000000Z',
  durationNanos: 1_520_000_000,
  status: 'unset',
  assurance: 'verified',
  witness: 'sdk',
  principal: NIGHTLY,
  service: 'scheduler',
  ...more,
});

const node = (of: Action, children: readonly TreeNode[] = [], more: Partial<TreeNode> = {}): TreeNode => ({
  action: of,
  children,
  ...more,
});

const root = action({ name: 'nightly-reconcile' });
const call = action({
  name: 'POST',
  statement: 'POST http://billing:8080/charges',
  kind: 'client',
  durationNanos: 41_300_000,
});
const served = action({ name: 'POST /charges', service: 'billing', durationNanos: 38_070_000 });
const insert = action({
  name: 'INSERT bank.charges',
  statement: 'INSERT INTO charges (account, cents)\n  VALUES ($1, $2)',
  service: 'billing',
  durationNanos: 2_400_000,
  actor: 'k8s://demo/billing',
});

export const tree: RunTree = {
  run,
  roots: [
    node(
      root,
      [
        node(
          action({
            name: 'UPDATE bank.accounts',
            statement: 'UPDATE accounts SET balance = balance - 1 WHERE id = ANY($1)',
            durationNanos: 12_440_000,
          }),
          [],
          { causedBy: 'call' },
        ),
        node(call, [node(served, [node(insert, [], { causedBy: 'call' })], { causedBy: 'call' })], {
          causedBy: 'call',
        }),
        node(
          action({
            name: 'notify process',
            service: 'notifier',
            durationNanos: 840_000,
            status: 'error',
          }),
          [],
          { causedBy: 'message' },
        ),
        node(
          action({ name: 'nightly-report', service: 'report', durationNanos: 200_000_000 }),
          [
            node(action({ name: 'fx.Rates/Convert', service: 'report', durationNanos: 999_600 }), [], {
              causedBy: 'call',
              omitted: 3,
            }),
            node(action({ name: 'late', service: 'report', durationNanos: 1_000 })),
          ],
          { causedBy: 'spawn', run: reportRun },
        ),
      ],
      { run },
    ),
  ],
  totals: { actions: 12, errors: 1, runs: 2, services: 4 },
  truncated: false,
  missing: [],
};

export const who: WhoAnswer = {
  sentence:
    'INSERT INTO charges was caused by k8s://demo/jobs/nightly, through run nightly-reconcile on schedule, allowed by policy:nightly-jobs@3.',
  action: insert,
  principal: {
    ...NIGHTLY,
    assurance: 'verified',
    how: 'The MAC of the reference was checked when the action was received.',
  },
  run,
  authority: { kind: 'policy', id: 'policy:nightly-jobs@3' },
  chain: [
    { action: insert, causedBy: 'call' },
    { action: served, causedBy: 'call' },
    { action: call, causedBy: 'call' },
    { action: root, run },
  ],
  witnesses: [{ witness: 'sdk', actor: 'k8s://demo/billing' }],
  missing: [{ code: 'one_witness', detail: 'Nobody but the actor reported it.' }],
};
