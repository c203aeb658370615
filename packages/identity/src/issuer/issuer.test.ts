import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import {
  formatReference,
  newRunId,
  parseReference,
  type Run,
  referenceIn,
  signReference,
  verifyReference,
} from '@whence/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Credential } from '../credentials/credential-fields.ts';
import { proofOfKey } from '../proof.fixture.ts';
import { createTokenMint } from '../transaction-tokens/mint-transaction-token.ts';
import { verifyTransactionToken } from '../transaction-tokens/verify-transaction-token.ts';
import { createIssuer, type Issuer, type StartedRun } from './issuer.ts';
import { createKnownRuns } from './known-runs.ts';
import type { RunJournal, RunRecord } from './run-journal.ts';

const secret = createSecretKey(Buffer.alloc(32, 1));
const macKey = { kid: 'k1', secret };
const trust = { trustDomain: 'bank.example', keys: new Map([['k1', secret]]) };
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const mint = createTokenMint({
  key: { kid: 't1', privateKey },
  trustDomain: 'bank.example',
  lifetimeSeconds: 300,
});
const tokenTrust = { trustDomain: 'bank.example', keys: new Map([['t1', publicKey]]) };

const NIGHTLY = { id: 'k8s://demo/jobs/nightly', kind: 'scheduler' } as const;
const REPORT = { id: 'k8s://demo/jobs/report', kind: 'workload' } as const;
const POLICY = { kind: 'policy', id: 'policy:nightly-jobs@3' } as const;

const scheduler: Credential = {
  id: 'scheduler',
  tenant: 'default',
  actor: 'k8s://demo/jobs/scheduler',
  witness: 'sdk',
  sends: true,
  proof: proofOfKey('scheduler'),
  grants: [{ principal: NIGHTLY, jobs: ['nightly-*'], authority: POLICY }],
};
const reporter: Credential = {
  id: 'reporter',
  tenant: 'default',
  actor: 'k8s://demo/jobs/reporter',
  witness: 'sdk',
  sends: true,
  proof: proofOfKey('reporter'),
  grants: [{ principal: REPORT }],
};
const stranger: Credential = { ...reporter, id: 'stranger', tenant: 'acme' };
const onlooker: Credential = { ...scheduler, id: 'onlooker', grants: [] };

/** The simplest journal that keeps the contract. */
const memoryJournal = () => {
  const records: RunRecord[] = [];
  const journal: RunJournal = {
    append: async (record) => {
      records.push(record);
    },
    find: async (tenant, runId) =>
      records.findLast(({ run }) => run.tenant === tenant && run.id === runId)?.run,
  };
  return { journal, records };
};

const open = (journal = memoryJournal()) => {
  let now = Date.UTC(2026, 2, 1, 3, 14);
  const issuer = createIssuer({
    macKey,
    trust,
    journal: journal.journal,
    mint,
    knownRuns: createKnownRuns(2),
    clock: () => new Date(now),
  });
  const verified = (token: string | undefined) => verifyTransactionToken(token!, tokenTrust, new Date(now));
  return { issuer, records: journal.records, pass: (millis: number) => (now += millis), verified };
};

const started = async (
  issuer: Issuer,
  credential: Credential,
  request: Partial<Parameters<Issuer['start']>[1]> = {},
): Promise<StartedRun> => {
  const result = await issuer.start(credential, { job: 'nightly-reconcile', attempt: 1, ...request });
  if (result.status === 'refused') throw new Error(result.detail);
  return result;
};

describe('start', () => {
  it('starts a run as the principal of the grant, under its authority, and writes it down', async () => {
    const { issuer, records } = open();
    const { run, reference, traceState } = await started(issuer, scheduler, {
      trigger: 'schedule',
      attempt: 2,
    });
    expect(run).toEqual({
      id: run.id,
      rootId: run.id,
      path: [],
      job: 'nightly-reconcile',
      attempt: 2,
      trigger: 'schedule',
      principal: NIGHTLY,
      authority: POLICY,
      assurance: 'verified',
      actor: 'k8s://demo/jobs/scheduler',
      tenant: 'default',
      startedAt: '2026-03-01T03:14:00.000Z',
    });
    expect(records).toEqual([{ record: 'started', run }]);
    expect(referenceIn(traceState)).toBe(reference);
    const parsed = parseReference(reference);
    expect(parsed.status === 'parsed' && parsed.reference.runId).toBe(run.id);
    expect(parsed.status === 'parsed' && verifyReference(parsed.reference, trust)).toEqual({
      assurance: 'verified',
    });
  });

  it('gives its first token, which says the same as the record, and keeps it nowhere', async () => {
    const { issuer, records, verified } = open();
    const { run, txnToken } = await started(issuer, scheduler, { trigger: 'schedule' });
    expect(await verified(txnToken)).toMatchObject({
      status: 'verified',
      token: {
        runId: run.id,
        rootRunId: run.id,
        principal: NIGHTLY,
        authority: POLICY,
        job: 'nightly-reconcile',
        trigger: 'schedule',
        workload: scheduler.actor,
        tenant: 'default',
        issuedAt: '2026-03-01T03:14:00.000Z',
        expiresAt: '2026-03-01T03:19:00.000Z',
      },
    });
    expect(JSON.stringify(records)).not.toContain(txnToken!.split('.')[2]);
  });

  it('takes the trigger to be a call of the API where nothing is said', async () => {
    const { issuer } = open();
    expect((await started(issuer, scheduler)).run.trigger).toBe('api');
  });

  it('starts nothing where the journal fails', async () => {
    const records: RunRecord[] = [];
    const full = new Error('the disk is full');
    const { issuer } = open({
      records,
      journal: { append: () => Promise.reject(full), find: () => Promise.resolve(undefined) },
    });
    await expect(started(issuer, scheduler)).rejects.toBe(full);
  });

  it('is not made with a key that it would not trust', () => {
    const { journal } = memoryJournal();
    expect(() => createIssuer({ macKey: { kid: 'k9', secret }, trust, journal, mint })).toThrow(RangeError);
  });
});

describe('start refuses, and says what this credential may do', () => {
  const many: Credential = {
    ...scheduler,
    grants: [
      { principal: NIGHTLY, jobs: ['nightly-*'], authority: POLICY },
      { principal: NIGHTLY, jobs: ['nightly-*'], authority: { kind: 'human', id: 'user:dana@example.com' } },
      { principal: REPORT, jobs: ['nightly-report', 'report'] },
    ],
  };

  it.each([
    ['principal_not_allowed', 'principal', scheduler, { principal: REPORT.id }, [REPORT.id, NIGHTLY.id]],
    ['principal_not_allowed', undefined, onlooker, {}, ['no grants']],
    ['job_not_allowed', 'job', scheduler, { job: 'payout' }, ['"payout"', 'nightly-*']],
    ['job_not_allowed', 'job', many, { job: 'nightly-x', principal: REPORT.id }, ['nightly-report, report']],
    ['principal_ambiguous', 'principal', many, { job: 'nightly-report' }, [NIGHTLY.id, REPORT.id]],
    ['authority_not_allowed', 'authority', scheduler, { authority: 'policy:nightly-jobs@4' }, [POLICY.id]],
    ['authority_not_allowed', 'authority', reporter, { authority: POLICY.id }, ['no named authority']],
    ['invalid_request', 'parent', scheduler, { parent: 'nonsense' }, ['not a reference']],
  ] as const)('%s (%s)', async (code, field, credential, request, says) => {
    const { issuer, records } = open();
    const refusal = await issuer.start(credential, { job: 'nightly-reconcile', attempt: 1, ...request });
    expect(refusal).toMatchObject({ status: 'refused', code, ...(field === undefined ? {} : { field }) });
    for (const text of says) expect(refusal).toMatchObject({ detail: expect.stringContaining(text) });
    expect(records).toEqual([]);
  });

  it('but takes the first grant that fits, and the one under the authority that is named', async () => {
    const { issuer } = open();
    expect((await started(issuer, many)).run.authority).toEqual(POLICY);
    const authority = 'user:dana@example.com';
    expect((await started(issuer, many, { authority })).run.authority).toEqual({
      kind: 'human',
      id: authority,
    });
  });
});

describe('a child run', () => {
  it('stands below its parent, triggered by it, allowed by what allowed it', async () => {
    const { issuer } = open();
    const parent = await started(issuer, scheduler);
    const { run } = await started(issuer, reporter, { parent: parent.reference });
    expect(run).toMatchObject({
      rootId: parent.run.id,
      parentId: parent.run.id,
      path: [parent.run.id],
      trigger: 'parent',
      principal: REPORT,
      authority: POLICY,
      actor: reporter.actor,
    });
  });

  it("has its own grant's authority where there is one, and can ask for no other", async () => {
    const { issuer } = open();
    const approval = { kind: 'approval', id: 'approval:7f2c' } as const;
    const approved: Credential = { ...reporter, grants: [{ principal: REPORT, authority: approval }] };
    const parent = await started(issuer, scheduler);
    expect((await started(issuer, approved, { parent: parent.reference })).run.authority).toEqual(approval);
    const request = { job: 'x', attempt: 1, parent: parent.reference, authority: POLICY.id };
    expect(await issuer.start(approved, request)).toMatchObject({ code: 'authority_not_allowed' });
    expect((await started(issuer, reporter, request)).run.authority).toEqual(POLICY);
  });

  it('may be of a parent that has ended, and that only the journal remembers', async () => {
    const { issuer } = open();
    const parent = await started(issuer, scheduler);
    await issuer.end(scheduler, parent.run.id, { outcome: 'success' });
    for (let other = 0; other < 3; other++) await started(issuer, reporter);
    const child = await started(issuer, reporter, { parent: parent.reference, trigger: 'message' });
    expect(child.run).toMatchObject({ parentId: parent.run.id, trigger: 'message' });
  });

  it('has for its path that of its parent and the parent, 64 at most; its root is its root', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 70 }), async (depth) => {
        const { issuer } = open();
        const root = await started(issuer, reporter);
        let parent = root;
        for (let level = 0; level < depth; level++) {
          const child = await started(issuer, reporter, { parent: parent.reference });
          expect(child.run.path).toEqual([...parent.run.path, parent.run.id].slice(-64));
          expect(child.run.rootId).toBe(root.run.id);
          parent = child;
        }
        expect(parent.run.path).toHaveLength(Math.min(depth, 64));
        if (depth <= 64) expect(parent.run.path[0]).toBe(root.run.id);
      }),
      { numRuns: 10 },
    );
  });

  it.each([
    ['parent_unproven', (id: string) => formatReference({ runId: id })],
    ['parent_refuted', (id: string) => formatReference(signReference(macKey, 'other.example', id))],
    [
      'parent_refuted',
      (id: string) => formatReference(signReference({ kid: 'k2', secret }, 'bank.example', id)),
    ],
    [
      'parent_refuted',
      (id: string) =>
        formatReference(
          signReference({ kid: 'k1', secret: createSecretKey(Buffer.alloc(32, 2)) }, 'bank.example', id),
        ),
    ],
    ['parent_unknown', () => formatReference(signReference(macKey, 'bank.example', newRunId()))],
  ])('is refused with %s', async (code, forge) => {
    const { issuer, records } = open();
    const parent = await started(issuer, scheduler);
    const refusal = await issuer.start(reporter, { job: 'x', attempt: 1, parent: forge(parent.run.id) });
    expect(refusal).toMatchObject({ status: 'refused', code, field: 'parent' });
    expect(records).toHaveLength(1);
  });

  it("is refused below another tenant's run as below one that never was", async () => {
    const { issuer } = open();
    const parent = await started(issuer, scheduler);
    const theirs = await issuer.start(stranger, { job: 'x', attempt: 1, parent: parent.reference });
    expect(theirs).toMatchObject({ code: 'parent_unknown' });
  });

  it('is refused below a reference with any bits flipped', async () => {
    const { issuer, records } = open();
    const { reference } = await started(issuer, scheduler);
    const bits = fc.uniqueArray(fc.nat(reference.length * 8 - 1), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(bits, async (flips) => {
        const bytes = Buffer.from(reference, 'latin1');
        for (const bit of flips) bytes[bit >> 3]! ^= 1 << (bit & 7);
        const refusal = await issuer.start(reporter, {
          job: 'x',
          attempt: 1,
          parent: bytes.toString('latin1'),
        });
        expect(refusal.status).toBe('refused');
      }),
      { numRuns: 500 },
    );
    expect(records).toHaveLength(1);
  });
});

describe('a handoff', () => {
  const handler: Credential = { ...reporter, grants: [{ principal: REPORT }, { principal: NIGHTLY }] };

  it('is a run below the one that hands over, as another principal, and says so', async () => {
    const { issuer, verified } = open();
    const parent = await started(issuer, scheduler);
    const child = await started(issuer, handler, {
      parent: parent.reference,
      trigger: 'handoff',
      principal: REPORT.id,
    });
    expect(child.run).toMatchObject({
      parentId: parent.run.id,
      rootId: parent.run.id,
      trigger: 'handoff',
      principal: REPORT,
      authority: POLICY,
    });
    expect(await verified(child.txnToken)).toMatchObject({
      token: { rootRunId: parent.run.id, parentRunId: parent.run.id, principal: REPORT, trigger: 'handoff' },
    });
  });

  it('is to another principal than that of the parent', async () => {
    const { issuer, records } = open();
    const parent = await started(issuer, scheduler);
    const request = { job: 'x', attempt: 1, parent: parent.reference, trigger: 'handoff' } as const;
    expect(await issuer.start(handler, { ...request, principal: NIGHTLY.id })).toMatchObject({
      code: 'handoff_to_itself',
      field: 'principal',
    });
    expect(records).toHaveLength(1);
  });

  it('gives nobody a principal that its own credential does not grant', async () => {
    const { issuer } = open();
    const parent = await started(issuer, scheduler);
    const refusal = await issuer.start(reporter, {
      job: 'x',
      attempt: 1,
      parent: parent.reference,
      trigger: 'handoff',
      principal: 'user:dana@example.com',
    });
    expect(refusal).toMatchObject({ code: 'principal_not_allowed' });
  });
});

describe('token', () => {
  it('gives an open run fresh ones, however long it takes', async () => {
    const { issuer, pass, verified } = open();
    const { run, txnToken } = await started(issuer, scheduler);
    pass(3_600_000);
    expect(await verified(txnToken)).toMatchObject({ code: 'token_expired' });
    const fresh = await issuer.token(scheduler, run.id);
    expect(fresh.status === 'issued' && (await verified(fresh.txnToken))).toMatchObject({
      status: 'verified',
      token: { runId: run.id, principal: NIGHTLY, authority: POLICY, issuedAt: '2026-03-01T04:14:00.000Z' },
    });
  });

  it.each([
    ['run_unknown', 'no run', scheduler, () => newRunId()],
    ['run_unknown', 'no run id', scheduler, () => 'x'],
    ['run_unknown', "another tenant's run", stranger, (id: string) => id],
    ['run_not_yours', "another actor's run", reporter, (id: string) => id],
    ['grant_withdrawn', 'a credential without its grants', onlooker, (id: string) => id],
    [
      'grant_withdrawn',
      'a grant of other jobs',
      { ...scheduler, grants: [{ principal: NIGHTLY, jobs: ['weekly-*'], authority: POLICY }] },
      (id: string) => id,
    ],
    [
      'grant_withdrawn',
      'a grant under another authority',
      { ...scheduler, grants: [{ principal: NIGHTLY, authority: { ...POLICY, id: 'policy:other' } }] },
      (id: string) => id,
    ],
  ])('%s: %s', async (code, _, credential, id) => {
    const { issuer } = open();
    const { run } = await started(issuer, scheduler);
    expect(await issuer.token(credential, id(run.id))).toMatchObject({ status: 'refused', code });
  });

  it('run_already_ended', async () => {
    const { issuer } = open();
    const { run } = await started(issuer, scheduler);
    await issuer.end(scheduler, run.id, { outcome: 'success' });
    expect(await issuer.token(scheduler, run.id)).toMatchObject({ code: 'run_already_ended' });
  });

  it('gives a nested run, allowed by what allowed its parent, its own', async () => {
    const { issuer, verified } = open();
    const parent = await started(issuer, scheduler);
    const { run } = await started(issuer, reporter, { parent: parent.reference });
    const fresh = await issuer.token(reporter, run.id);
    expect(fresh.status === 'issued' && (await verified(fresh.txnToken))).toMatchObject({
      token: { rootRunId: parent.run.id, runId: run.id, principal: REPORT, authority: POLICY },
    });
  });

  it('gives none to a run that only claims to be one, though a journal knew it', async () => {
    const { journal, records } = memoryJournal();
    const { issuer } = open({ journal, records });
    const { run } = await started(issuer, scheduler);
    const claimed: Run = { ...run, id: newRunId(), assurance: 'asserted' };
    records.push({ record: 'started', run: claimed });
    expect(await issuer.token(scheduler, claimed.id)).toMatchObject({ code: 'run_unknown' });
  });
});

describe('start with an idempotency key', () => {
  it('again: the same run and reference, a fresh token, nothing more written', async () => {
    const { issuer, records, pass, verified } = open();
    const request = { job: 'nightly-x', attempt: 1 };
    const first = await issuer.start(scheduler, request, 'k');
    pass(301_000);
    const again = await issuer.start(scheduler, request, 'k');
    if (first.status === 'refused' || again.status === 'refused') throw new Error('refused');
    expect({ ...again, txnToken: '' }).toEqual({ ...first, txnToken: '' });
    expect(await verified(again.txnToken)).toMatchObject({ token: { runId: first.run.id } });
    expect(records).toHaveLength(1);
  });

  it('without one, with another, of another workload or tenant: another run', async () => {
    const { issuer, records } = open();
    const request = { job: 'nightly-x', attempt: 1 };
    await issuer.start(scheduler, request, 'k');
    await issuer.start(scheduler, request);
    await issuer.start(scheduler, request, 'K');
    await issuer.start({ ...scheduler, actor: 'k8s://demo/jobs/other' }, request, 'k');
    await issuer.start({ ...scheduler, tenant: 'acme' }, request, 'k');
    expect(new Set(records.map(({ run }) => run.id)).size).toBe(5);
  });

  it('for another request is refused', async () => {
    const { issuer, records } = open();
    await issuer.start(scheduler, { job: 'nightly-x', attempt: 1 }, 'k');
    const refusal = await issuer.start(scheduler, { job: 'nightly-x', attempt: 2 }, 'k');
    expect(refusal).toMatchObject({ code: 'idempotency_key_reused', field: 'Idempotency-Key' });
    expect(records).toHaveLength(1);
  });

  it('of a run whose grant is gone meanwhile: the same run, and no token', async () => {
    const { issuer } = open();
    const request = { job: 'nightly-x', attempt: 1 };
    const first = await issuer.start(scheduler, request, 'k');
    if (first.status === 'refused') throw new Error('refused');
    const again = await issuer.start(onlooker, request, 'k');
    expect(again).toMatchObject({ status: 'started', run: first.run });
    expect(again).not.toHaveProperty('txnToken');
  });

  it('of a run that has ended meanwhile: the same run, and no token', async () => {
    const { issuer } = open();
    const request = { job: 'nightly-x', attempt: 1 };
    const first = await issuer.start(scheduler, request, 'k');
    if (first.status === 'refused') throw new Error('refused');
    await issuer.end(scheduler, first.run.id, { outcome: 'success' });
    const again = await issuer.start(scheduler, request, 'k');
    expect(again).toMatchObject({ status: 'started', run: first.run, reference: first.reference });
    expect(again).not.toHaveProperty('txnToken');
  });
});

describe('end', () => {
  it('ends a run once, and says so again for the same outcome', async () => {
    const { issuer, records, pass } = open();
    const { run } = await started(issuer, scheduler);
    pass(1500);
    const ended: Run = {
      ...run,
      endedAt: '2026-03-01T03:14:01.500Z',
      outcome: 'failure',
      message: 'no funds',
    };
    const request = { outcome: 'failure', message: 'no funds' } as const;
    expect(await issuer.end(scheduler, run.id, request)).toEqual({ status: 'ended', run: ended });
    pass(1500);
    expect(await issuer.end(scheduler, run.id, { outcome: 'failure', message: 'again' })).toEqual({
      status: 'ended',
      run: ended,
    });
    expect(records.map(({ record }) => record)).toEqual(['started', 'ended']);
    expect(records[1]!.run).toEqual(ended);
  });

  it.each([
    ['run_unknown', 'no run', scheduler, () => newRunId()],
    ['run_unknown', 'no run id', scheduler, () => '../../etc'],
    ['run_unknown', "another tenant's run", stranger, (id: string) => id],
    ['run_not_yours', "another actor's run", reporter, (id: string) => id],
  ])('%s: %s', async (code, _, credential, id) => {
    const { issuer, records } = open();
    const { run } = await started(issuer, scheduler);
    expect(await issuer.end(credential, id(run.id), { outcome: 'success' })).toMatchObject({
      status: 'refused',
      code,
    });
    expect(records).toHaveLength(1);
  });

  it('run_already_ended: with another outcome, though both come at once', async () => {
    const { issuer, records } = open();
    const { run } = await started(issuer, scheduler);
    const [first, second] = await Promise.all([
      issuer.end(scheduler, run.id, { outcome: 'success' }),
      issuer.end(scheduler, run.id, { outcome: 'failure' }),
    ]);
    expect(first.status).toBe('ended');
    expect(second).toMatchObject({ status: 'refused', code: 'run_already_ended' });
    expect(records).toHaveLength(2);
  });

  it('never ends a run before it began, though the clock was set back', async () => {
    const { issuer, pass } = open();
    const { run } = await started(issuer, scheduler);
    pass(-60_000);
    const result = await issuer.end(scheduler, run.id, { outcome: 'success' });
    expect(result).toMatchObject({ run: { endedAt: run.startedAt } });
  });

  it('leaves the run open where the journal fails, so that it can be ended again', async () => {
    const { journal, records } = memoryJournal();
    let broken = false;
    const append: RunJournal['append'] = (record) =>
      broken ? Promise.reject(new Error('the disk is full')) : journal.append(record);
    const { issuer } = open({ records, journal: { ...journal, append } });
    const { run } = await started(issuer, scheduler);
    broken = true;
    await expect(issuer.end(scheduler, run.id, { outcome: 'success' })).rejects.toThrow('full');
    broken = false;
    expect(await issuer.end(scheduler, run.id, { outcome: 'failure' })).toMatchObject({ status: 'ended' });
  });
});

describe('find', () => {
  it("finds a tenant's runs, whoever started them, and no other's", async () => {
    const { issuer } = open();
    const { run } = await started(issuer, scheduler);
    expect(await issuer.find(reporter, run.id)).toEqual({ status: 'found', run });
    expect(await issuer.find(stranger, run.id)).toMatchObject({ status: 'refused', code: 'run_unknown' });
    expect(await issuer.find(reporter, newRunId())).toMatchObject({ code: 'run_unknown' });
    expect(await issuer.find(reporter, run.id.toUpperCase())).toMatchObject({ code: 'run_unknown' });
  });

  it('does not take what a journal answers for another tenant', async () => {
    const { journal, records } = memoryJournal();
    const careless: RunJournal = {
      ...journal,
      find: async (_, runId) => records.findLast(({ run }) => run.id === runId)?.run,
    };
    const { issuer } = open({ records, journal: careless });
    const { run } = await started(issuer, scheduler);
    expect(await issuer.find(stranger, run.id)).toMatchObject({ code: 'run_unknown' });
  });
});
