import { createSecretKey } from 'node:crypto';
import { createKnownRuns } from '@whence/identity';
import { formatReference, newRunId, type Run, signReference } from '@whence/model';
import { RowReader } from '@whence/store';
import fc from 'fast-check';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { Attributor, type RunColumns } from './attributor.ts';
import { createReferenceJudge } from './reference-judge.ts';

const KEY = { kid: 'k1', secret: createSecretKey(Buffer.alloc(32, 1)) };
const OTHER_KEY = { kid: 'k2', secret: createSecretKey(Buffer.alloc(32, 2)) };
const TRUST = { trustDomain: 'bank.example', keys: new Map([[KEY.kid, KEY.secret]]) };

const runOf = (id: string, tenant = 'acme'): Run => ({
  id,
  rootId: id,
  path: [],
  job: 'nightly',
  attempt: 1,
  trigger: 'schedule',
  principal: { id: 'k8s://a/b/c', kind: 'scheduler' },
  authority: { kind: 'policy', id: 'policy:x@1' },
  assurance: 'verified',
  tenant,
  startedAt: '2026-11-22T00:00:00.000Z',
});

const setUp = (stored: readonly Run[] = []) => {
  const knownRuns = createKnownRuns(100);
  const asked: string[] = [];
  const attributor: Attributor = new Attributor(
    createReferenceJudge({
      tenant: 'acme',
      trust: TRUST,
      knownRuns,
      log: pino({ level: 'silent' }),
      found: (runId) => attributor.forget(runId),
      journal: {
        append: () => Promise.reject(new Error('not for attribution')),
        find: async (tenant, runId) => {
          asked.push(runId);
          return stored.find((run) => run.id === runId && run.tenant === tenant);
        },
      },
    }),
  );
  const columns = (traceState: string): RunColumns => {
    const bytes = Buffer.from(`##${traceState}##`);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return attributor.columnsFor(bytes, view, 2, bytes.length - 2);
  };
  return { knownRuns, asked, columns, attributor };
};

const read = ({ bytes }: RunColumns) => {
  const reader = new RowReader(bytes);
  return {
    runId: reader.value('UUID'),
    rootRunId: reader.value('UUID'),
    path: reader.value('Array(UUID)'),
    principal: reader.value('String'),
    kind: reader.value('String'),
    authority: reader.value('String'),
    assurance: reader.value('Enum8()'),
  };
};

const reference = (id: string) => formatReference(signReference(KEY, TRUST.trustDomain, id));

describe('a reference', () => {
  it('of a run that is known names its principal, verified', () => {
    const { knownRuns, columns } = setUp();
    const run = runOf(newRunId());
    knownRuns.remember(run);
    expect(read(columns(`a=b, whence=${reference(run.id)} ,c=d`))).toEqual({
      runId: run.id,
      rootRunId: run.rootId,
      path: [],
      principal: 'k8s://a/b/c',
      kind: 'scheduler',
      authority: 'policy:x@1',
      assurance: 3,
    });
  });

  it('of a run that is not known here yet is verified, names nobody, and is looked up', async () => {
    const run = runOf(newRunId());
    const { asked, columns } = setUp([run]);
    const text = `whence=${reference(run.id)}`;
    expect(columns(text)).toMatchObject({ assurance: 'verified', runId: run.id, recorded: false });
    expect(asked).toEqual([run.id]);
    await expect.poll(() => read(columns(text)).principal).toBe('k8s://a/b/c');
    expect(asked).toEqual([run.id]);
  });

  it('is looked up once, however many spans carry it', () => {
    const { asked, columns } = setUp();
    const text = `whence=${reference(newRunId())}`;
    for (let i = 0; i < 100; i++) columns(text);
    expect(asked.length).toBe(1);
  });

  it('of another tenant’s run names nobody', async () => {
    const run = runOf(newRunId(), 'other');
    const { knownRuns, columns } = setUp([run]);
    knownRuns.remember(run);
    await new Promise(setImmediate);
    expect(read(columns(`whence=${reference(run.id)}`)).principal).toBe('');
  });

  it('without a MAC is asserted, and names nobody by what the issuer knows', () => {
    const { knownRuns, columns } = setUp();
    const run = runOf(newRunId());
    knownRuns.remember(run);
    const asserted = columns(`whence=${formatReference({ runId: run.id })}`);
    expect(asserted).toMatchObject({ assurance: 'asserted', runId: run.id });
  });

  it('with another domain’s MAC or an unknown key is refuted, and names nobody', () => {
    const { knownRuns, columns } = setUp();
    const run = runOf(newRunId());
    knownRuns.remember(run);
    const forged = [
      formatReference(signReference(KEY, 'evil.example', run.id)),
      formatReference(signReference(OTHER_KEY, TRUST.trustDomain, run.id)),
      formatReference(signReference({ ...OTHER_KEY, kid: 'k1' }, TRUST.trustDomain, run.id)),
    ];
    for (const text of forged) {
      expect(read(columns(`whence=${text}`))).toMatchObject({ runId: run.id, principal: '', assurance: 4 });
    }
  });

  it('is never verified with any bit of it flipped', () => {
    const { knownRuns, columns } = setUp();
    const run = runOf(newRunId());
    knownRuns.remember(run);
    const text = Buffer.from(reference(run.id));
    for (let bit = 0; bit < text.length * 8; bit++) {
      const flipped = Buffer.from(text);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      const { assurance } = columns(`whence=${flipped.toString('latin1')}`);
      expect(assurance, `bit ${bit}`).toBe('refuted');
    }
  });

  it('that is no reference is refuted', () => {
    const { columns } = setUp();
    for (const text of ['', 'x', '=', 'a'.repeat(300), `${reference(newRunId())}x`]) {
      expect(columns(`whence=${text}`).assurance, text).toBe('refuted');
    }
  });
});

describe('tracestate', () => {
  it('without our member is none', () => {
    const { columns } = setUp();
    for (const text of ['', 'a=b', 'xwhence=AZ', 'whencex=AZ', 'a=whence=AZ', ',,,', '   ']) {
      expect(columns(text).assurance, text).toBe('none');
    }
  });

  it('of any bytes never fails, and only a good MAC is verified', () => {
    const { columns } = setUp();
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(columns(text).assurance).not.toBe('verified');
        expect(columns(`whence=${text}`).assurance).not.toBe('verified');
      }),
    );
  });

  it('that changes from span to span is never answered with the one before', () => {
    const { knownRuns, columns } = setUp();
    const runs = Array.from({ length: 5 }, () => runOf(newRunId()));
    for (const run of runs) knownRuns.remember(run);
    fc.assert(
      fc.property(fc.array(fc.nat(5)), (order) => {
        for (const i of order) {
          const run = runs[i];
          const answer = columns(run === undefined ? '' : `whence=${reference(run.id)}`);
          expect(answer.runId).toBe(run?.id);
        }
      }),
    );
  });
});
