import type { Action } from '@whence/model';
import { expect, test } from 'vitest';
import { below, newRun } from './graph.fixture.ts';
import { sentenceOf, sentenceOfRun } from './sentence.ts';

const run = newRun({ id: '01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10' });

const action: Action = {
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  service: 'billing',
  name: 'UPDATE',
  kind: 'client',
  target: 'postgresql://db:5432/bank/invoices',
  statement: 'UPDATE invoices\n  SET paid = true',
  startTime: '2026-03-01T03:14:07.123456789Z',
  durationNanos: 1,
  status: 'unset',
  principal: run.principal,
  runId: run.id,
  rootRunId: run.id,
  authority: { kind: 'policy', id: 'policy:nightly-jobs@3' },
  assurance: 'verified',
  witness: 'sdk',
};

const WHAT =
  '`UPDATE invoices SET paid = true` on postgresql://db:5432/bank/invoices by billing at 2026-03-01 03:14:07Z';
const RUN = 'run 01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10 of nightly-reconcile (schedule, attempt 1)';

test('verified', () => {
  expect(sentenceOf({ action, run })).toBe(
    `${WHAT} was caused by k8s://demo/jobs/nightly (scheduler, verified) in ${RUN}, allowed by policy:nightly-jobs@3.`,
  );
});

test('verified, allowed by nothing that is known, its run known by id alone', () => {
  const { authority: _, ...bare } = action;
  expect(sentenceOf({ action: bare })).toBe(
    `${WHAT} was caused by k8s://demo/jobs/nightly (scheduler, verified) in run ${run.id}, with nothing on record that allowed it.`,
  );
});

test('nobody: no reference, a forged one, a run without a record', () => {
  const { principal: _, ...unnamed } = action;
  expect(sentenceOf({ action: { ...unnamed, assurance: 'none' } })).toBe(
    `Nobody is named: ${WHAT} came with no reference, so that nothing says which run it was part of.`,
  );
  expect(sentenceOf({ action: { ...action, assurance: 'refuted' } })).toBe(
    `Nobody can be named: ${WHAT} came with a reference that is forged or damaged (its check failed), and nobody may be concluded from it.`,
  );
  expect(sentenceOf({ action: unnamed })).toBe(
    `Nobody can be named yet: ${WHAT} was part of run ${run.id} (verified), of which no issuer's record has arrived.`,
  );
  expect(sentenceOf({ action: { ...unnamed, assurance: 'asserted' } })).toContain('nothing proves the claim');
});

test('a claim, and what it claims to go back to', () => {
  const nested = below(run, { assurance: 'asserted' });
  const text = sentenceOf({ action: { ...action, assurance: 'asserted' }, run: nested, root: run });
  expect(text).toContain(`${WHAT} is claimed, without any proof, to have been caused by`);
  expect(text).toContain(
    `By the same claim it goes back to k8s://demo/jobs/nightly (scheduler, verified), who started ${RUN}`,
  );
});

test('a run that was handed over, by somebody, by nobody known, by a claim', () => {
  const agent = { id: 'agent://demo/triage', kind: 'agent' } as const;
  const handed = below(run, { trigger: 'handoff', principal: agent });
  const told = { action: { ...action, principal: agent }, run: handed };
  expect(sentenceOf({ ...told, handedOffBy: run })).toContain(
    `(handoff, attempt 1), handed off from k8s://demo/jobs/nightly (scheduler, verified) in run ${run.id}, allowed by`,
  );
  expect(sentenceOf(told)).toContain(
    `(handoff, attempt 1), handed off from run ${run.id}, of which there is no record that could name anyone, allowed by`,
  );
  const claimed = { ...handed, assurance: 'asserted' } as const;
  const claim = sentenceOf({
    action: { ...told.action, assurance: 'asserted' },
    run: claimed,
    handedOffBy: { ...run, assurance: 'asserted' },
  });
  expect(claim).toContain('is claimed, without any proof, to have been caused by');
  expect(claim).toContain('handed off from k8s://demo/jobs/nightly (scheduler, asserted) in run');
  expect(sentenceOfRun(handed, undefined, run)).toContain(
    `, handed off from k8s://demo/jobs/nightly (scheduler, verified) in run ${run.id}, allowed by`,
  );
  expect(sentenceOf({ action, run: below(run), handedOffBy: run })).not.toContain('handed off');
});

test('a run of which nothing has arrived', () => {
  expect(sentenceOfRun(run, undefined)).toBe(
    `Run 01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10 of nightly-reconcile (schedule, attempt 1) was started by k8s://demo/jobs/nightly (scheduler, verified) at 2026-03-01 03:14:07Z, allowed by policy:nightly-jobs@3; no action of it has arrived.`,
  );
});

test('a statement is shown on one line, and cut; a failure is told; a target that it names is not repeated', () => {
  const long = sentenceOf({
    action: { ...action, statement: `SELECT ${'🦆'.repeat(1000)}\u0007\r\n`, status: 'error' },
    run,
  });
  expect(long).toContain(`\`SELECT ${'🦆'.repeat(153)}…\` on`);
  expect(long).toContain('(which failed)');
  const { target: _, service: __, statement: ___, ...bare } = action;
  expect(sentenceOf({ action: { ...bare, name: 'tick' }, run })).toMatch(
    /^`tick` at 2026-03-01 03:14:07Z was caused/,
  );
  const http = { ...action, statement: 'POST http://billing/charges', target: 'http://billing/charges' };
  expect(sentenceOf({ action: http, run })).toMatch(/^`POST http:\/\/billing\/charges` by billing/);
});
