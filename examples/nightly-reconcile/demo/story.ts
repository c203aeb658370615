import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { renderTree, type TreeAnswer, up, type WhoAnswer } from '@whence/cli';
import { type Arrived, arrival } from './arrival.ts';
import { openBank } from './bank.ts';
import { newCredentials } from './credentials.ts';
import { deepestUpdate } from './deepest.ts';
import { bareEnvironment } from './environments.ts';
import { hold } from './hold.ts';
import type { Narrator } from './narrator.ts';
import type { Processes } from './processes.ts';
import { ask, questionsAt } from './questions.ts';
import { createWorkDirectory } from './work-directory.ts';

export interface Answer extends Arrived {
  /** Who caused the deepest UPDATE. */
  readonly who: WhoAnswer;
  /** Since the demo was started. */
  readonly elapsedMs: number;
}

interface Stage {
  readonly narrator: Narrator;
  readonly processes: Processes;
  /** Told when a service ends by itself. */
  readonly onFailure: (error: Error) => void;
  /** Takes whatever has to be ended when the story is, however far it got. */
  readonly stack: AsyncDisposableStack;
}

export const tell = async ({ narrator, processes, onFailure, stack }: Stage): Promise<Answer> => {
  const { say, during } = narrator;
  const directory = await hold(stack, createWorkDirectory, (made) => made.remove());
  const credentials = newCredentials();
  const dataDir = join(directory.path, 'whence');
  const configPath = join(directory.path, 'whence.yaml');
  await mkdir(dataDir, { mode: 0o700 });
  await writeFile(configPath, credentials.yaml);

  const bringUp = () =>
    up({
      dataDir,
      configPath,
      ports: { clickhouse: 0, collector: 0, query: 0 },
      environment: bareEnvironment(),
      onLine: say,
    });
  const whence = await during(
    'starting ClickHouse, the collector and the query service',
    hold(stack, bringUp, (running) => running.stop()),
  );
  void whence.failed.then((how) => onFailure(new Error(how)));

  stack.defer(() => processes.stop());
  const bank = await during(
    'starting PostgreSQL and the services',
    openBank(processes, narrator, directory.path, whence.collector.url, credentials),
  );
  const { runId } = await during('running the nightly job', bank.reconcile());

  const at = questionsAt(whence.query.url);
  const { run, actions } = await arrival(at, runId, narrator);
  const tree = await ask<TreeAnswer>(at.tree(runId));
  say(`\n${renderTree(tree, narrator.style)}`);

  const deepest = deepestUpdate(actions);
  const who = await ask<WhoAnswer>(at.who(deepest));
  say(`Who caused "${deepest.statement}"?\n\n${who.sentence}\n\n${JSON.stringify(who, null, 2)}`);
  say(
    `\nAsk further:\n${[at.who(deepest), at.run(runId), at.tree(runId), at.actions(runId)].map(curl).join('\n')}`,
  );
  return { run, actions, who, elapsedMs: Math.round(performance.now()) };
};

const curl = (url: string): string => `  curl -s '${url}'`;
