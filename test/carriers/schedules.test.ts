import { describe, expect, it } from 'vitest';
import {
  type ActionIds,
  AUTHORITY,
  MODULES,
  PRINCIPAL,
  REGISTER,
  startSide,
  theStage,
} from './carrier-matrix.ts';

const SCHEDULERS = {
  croner: 'nightly',
  'croner without a name': expect.stringMatching(/^(esm\.mjs|commonjs\.cjs) \* \* \* \* \* \*$/),
  'node-cron': 'nightly',
  'node-cron, made first and started then': 'nightly',
  'node-schedule': 'nightly',
  'scheduled, by setInterval': 'nightly',
  'scheduled, by croner': 'nightly',
};

interface InRun extends ActionIds {
  readonly runId: string;
}

/** There is no far side: a schedule reaches no other process. */
describe.each(Object.entries(SCHEDULERS))('%s', (scheduler, job) => {
  it.each(MODULES)('a tick is a root run, linked to the run that armed it: %s', async (module) => {
    const stage = await theStage();
    const side = startSide('schedule', 'near', module, REGISTER, {
      ...stage.environment('near'),
      SCHEDULER: scheduler,
    });
    const { registrar, tick } = (await side.said()) as { registrar: InRun; tick: InRun };
    expect(await side.ended).toEqual({ code: 0, stderr: '' });

    const answer = await stage.who(tick, registrar);
    expect(answer.run).toMatchObject({ id: tick.runId, rootId: tick.runId, job, trigger: 'schedule' });
    expect(tick.runId).not.toBe(registrar.runId);
    expect(tick.traceId).not.toBe(registrar.traceId);
    expect(answer.principal).toMatchObject({ id: PRINCIPAL, assurance: 'verified' });
    expect(answer.authority).toMatchObject({ id: AUTHORITY });
    const causes = answer.chain.map(({ causedBy }: { causedBy?: string }) => causedBy);
    expect(causes).toEqual(['call', 'schedule', 'call', undefined]);
  });
});
