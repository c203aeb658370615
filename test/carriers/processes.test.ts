import { describe, expect, it } from 'vitest';
import { type ActionIds, carrierMatrix, MODULES, REGISTER, startSide, theStage } from './carrier-matrix.ts';

carrierMatrix('the start of a worker thread', { app: 'thread', inside: true });
carrierMatrix('a message to a worker thread', { app: 'thread-message', inside: true });
carrierMatrix('the start of a child process', { app: 'fork', inside: true });
carrierMatrix('a message to a child process', { app: 'fork-message', inside: true });
carrierMatrix('the start of a cluster worker', { app: 'cluster', inside: true });

describe.each(MODULES)('a pool of two threads that two runs use: %s', (module) => {
  it('does each task in the run that asked for it, and in nobody’s where that is not said', async () => {
    const stage = await theStage();
    const side = startSide('pool', 'near', module, REGISTER, stage.environment('near'));
    const runs = (await side.said()) as ServedRun[];
    expect(await side.ended).toEqual({ code: 0, stderr: '' });
    for (const { runId, tasks, ofNobody, after } of runs) {
      expect([after, tasks.length]).toEqual([runId, 10]);
      for (const { did, heardIn } of [...tasks, ofNobody]) {
        const { run } = await stage.who(did);
        expect([run?.id, heardIn]).toEqual([did === ofNobody.did ? undefined : runId, undefined]);
      }
    }
  });

  interface Task {
    readonly did: ActionIds;
    readonly heardIn?: string;
  }

  interface ServedRun {
    readonly runId: string;
    readonly tasks: readonly Task[];
    readonly ofNobody: Task;
    readonly after: string;
  }
});
