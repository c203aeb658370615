import { expect, it } from 'vitest';
import { carrierStage } from '../../test/carriers/carrier-matrix.ts';
import { startProgram } from '../../test/stage/program.ts';
import { startRedis } from '../../test/stage/redis.ts';

it('makes each tick a run of its own, a link away from who armed the schedule', async () => {
  const [stage, { url }] = await Promise.all([carrierStage(), startRedis()]);
  const environment = { ...stage.environment('near'), REDIS_URL: url };
  const deployment = startProgram('examples/bullmq-repeat/arm.ts', { environment });
  const [armer] = await deployment.said(/armed in run (\S+)/);
  expect((await deployment.ended).code).toBe(0);

  const worker = startProgram('examples/bullmq-repeat/work.ts', { environment });
  const [first, firstSpan, second, secondSpan] = await worker.said(
    /tick in run (\S+)\npurged, span (\S+)\ntick in run (\S+)\npurged, span (\S+)/,
  );
  expect(new Set([armer, first, second]).size).toBe(3);
  for (const [runId, spanId] of [
    [first, firstSpan],
    [second, secondSpan],
  ] as const) {
    const answer = await stage.who({ spanId: spanId! });
    expect(answer.run).toMatchObject({ id: runId, job: 'purge-sessions', trigger: 'schedule' });
    expect(answer.run.parentId).toBeUndefined();
    expect(answer.chain.map(({ action }: { action: { name: string } }) => action.name)).toEqual([
      'purge sessions',
      'purge-sessions',
      'process maintenance',
      'add maintenance.purge-sessions',
      'deploy',
    ]);
  }
  await worker.stop();
});
