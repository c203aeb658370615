import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { WhoAnswer } from '@whence/cli';
import type { Action, Run } from '@whence/model';
import { beforeAll, describe, expect, test } from 'vitest';
import { EXPECTED } from './demo/expected.ts';

const PRINCIPAL = { id: 'k8s://demo/jobs/nightly', kind: 'scheduler' };
const AUTHORITY = { kind: 'policy', id: 'policy:nightly-jobs@3' };
const DEADLINE_MILLIS = 110_000;

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const demo = async (...args: readonly string[]): Promise<Ended> => {
  const program = fileURLToPath(new URL('demo.ts', import.meta.url));
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: DEADLINE_MILLIS,
  });
  const [[code], stdout, stderr] = await Promise.all([
    once(child, 'close') as Promise<[number | null]>,
    child.stdout.setEncoding('utf8').toArray(),
    child.stderr.setEncoding('utf8').toArray(),
  ]);
  return { code, stdout: stdout.join(''), stderr: stderr.join('') };
};

describe('npm run demo -- --once --json', () => {
  let ended: Ended;
  let run: Run;
  let actions: readonly Action[];
  let who: WhoAnswer;

  beforeAll(async () => {
    ended = await demo('--once', '--json');
    expect(ended, ended.stderr).toMatchObject({ code: 0 });
    ({ run, actions, who } = JSON.parse(ended.stdout.trimEnd().split('\n').at(-1)!));
  });

  const find = (what: string): Action => {
    const found = actions.find(EXPECTED[what]!);
    expect(found, what).toBeDefined();
    return found!;
  };

  test('the run is what the issuer said it is', () => {
    expect(run).toMatchObject({
      job: 'nightly-reconcile',
      trigger: 'schedule',
      outcome: 'success',
      principal: PRINCIPAL,
      authority: AUTHORITY,
      assurance: 'verified',
      rootId: run.id,
    });
  });

  test.each(Object.keys(EXPECTED))('%s is among the actions', (what) => {
    expect(find(what).status).not.toBe('error');
  });

  test('they are of one root run, and every one has its principal, verified', () => {
    expect(actions.filter(({ rootRunId }) => rootRunId !== run.id)).toEqual([]);
    expect(actions.filter(({ principal }) => principal?.id !== PRINCIPAL.id)).toEqual([]);
    expect(actions.filter(({ principal }) => principal?.kind !== PRINCIPAL.kind)).toEqual([]);
    expect(actions.filter(({ assurance }) => assurance !== 'verified')).toEqual([]);
  });

  test('five services took part, each under its own authenticated name', () => {
    const actorOf = Object.fromEntries(actions.map(({ service, actor }) => [service, actor]));
    expect(actorOf).toEqual({
      scheduler: 'k8s://demo/apps/scheduler',
      billing: 'k8s://demo/apps/billing',
      fx: 'k8s://demo/apps/fx',
      notifier: 'k8s://demo/apps/notifier',
      report: 'k8s://demo/apps/report',
    });
  });

  test('the report ran in a run of its own, below the nightly one', () => {
    const report = find('child process: SELECT sum');
    expect(report.runId).not.toBe(run.id);
    expect(report.rootRunId).toBe(run.id);
  });

  test('what the workers did for nobody in particular is not among them', () => {
    const polls = actions.filter(
      ({ service, statement }) => service === 'notifier' && statement?.includes('pgboss'),
    );
    expect(polls).toEqual([]);
  });

  test('the deepest UPDATE leads back to the span that opened the run, and to what allowed it', () => {
    const update = find('HTTP: UPDATE invoices');
    expect(who.action).toMatchObject({ traceId: update.traceId, spanId: update.spanId });
    expect(who).toMatchObject({ principal: PRINCIPAL, run: { id: run.id }, authority: AUTHORITY });
    expect(who.sentence).toContain(PRINCIPAL.id);
    expect(who.sentence).toContain(AUTHORITY.id);

    const chain = who.chain.map(({ action }) => action.spanId);
    expect(chain[0]).toBe(update.spanId);
    expect(chain).toContain(find('HTTP: the call at billing').spanId);
    expect(chain.at(-1)).toBe(find('the run itself').spanId);
  });
});

describe('the command line', () => {
  test('--help says what there is', async () => {
    const { code, stdout } = await demo('--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(/--once.*--json/s);
  });

  test('an unknown option is named, and nothing is started', async () => {
    const { code, stdout, stderr } = await demo('--twice');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('--twice');
  });
});
