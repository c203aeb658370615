import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Lineage, startLineage } from '../../test/stage/lineage.ts';
import { startProgram } from '../../test/stage/program.ts';

const PRINCIPAL = { id: 'github://acme/shop/deploy', kind: 'ci_runner' };
const AUTHORITY = 'policy:deploy-prod@17';

let lineage: Lineage;
beforeAll(async () => {
  lineage = await startLineage([
    {
      id: 'runner',
      actor: 'github://acme/shop/runner',
      grants: [{ principal: PRINCIPAL, jobs: ['deploy-*'], authority: AUTHORITY }],
    },
    { id: 'intern', actor: 'github://acme/shop/intern' },
  ]);
});

/** The step of `deploy.yml`, with what GitHub sets for it. */
const step = async (workload: string) => {
  const { jobs } = parse(readFileSync(new URL('deploy.yml', import.meta.url), 'utf8'));
  const { WHENCE_ISSUER_URL, WHENCE_KEY } = lineage.environment(workload);
  const program = startProgram('examples/ci-cli/deploy.sh', {
    command: ['sh', '-ec', jobs.deploy.steps.at(-1).run],
    environment: {
      WHENCE_ISSUER_URL: WHENCE_ISSUER_URL!,
      WHENCE_KEY: WHENCE_KEY!,
      WHENCE_LOG: 'warn',
      GITHUB_REPOSITORY: 'acme/shop',
      GITHUB_RUN_ATTEMPT: '2',
    },
  });
  return program.ended;
};

describe('the step', () => {
  it('is a run, and what the command does below it leads back to it', async () => {
    const { code, stdout, stderr } = await step('runner');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'deploying prod\nmigrated\n' });
    const [, runId] = /^whence: run (\S+), verified\n$/.exec(stderr)!;

    const { actions } = await lineage.answered(
      '/v1/actions?system=postgresql',
      (answer) => answer.actions.length > 0,
    );
    const [{ traceId, spanId }] = actions;
    const answer = await lineage.answered(
      `/v1/who?span=${spanId}&trace=${traceId}`,
      ({ run, chain }) => run && chain.length === 3,
    );
    expect(answer.run).toMatchObject({
      id: runId,
      job: 'deploy-shop',
      attempt: 2,
      trigger: 'webhook',
      principal: PRINCIPAL,
    });
    expect(answer.authority.id).toBe(AUTHORITY);
    const names = answer.chain.map(({ action }: { action: { name: string } }) => action.name);
    expect(names).toEqual(['migrate', 'deploy.sh', 'deploy-shop']);
  });

  it('is not run where the issuer says no', async () => {
    const { code, stdout } = await step('intern');
    expect({ code, stdout }).toEqual({ code: 77, stdout: '' });
  });
});
