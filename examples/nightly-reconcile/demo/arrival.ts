import { setTimeout as sleep } from 'node:timers/promises';
import type { Action, Run } from '@whence/model';
import { EXPECTED, missingFrom } from './expected.ts';
import type { Narrator } from './narrator.ts';
import { type Addresses, ask } from './questions.ts';

const DEADLINE_MILLIS = 60_000;
const PAUSE_MILLIS = 150;
const THE_END = 'the end of the run';

export interface Arrived {
  readonly run: Run;
  /** Of nested runs too. */
  readonly actions: readonly Action[];
}

/**
 * The run and all its actions, once the store has its end and all that are expected, and no more come in.
 *
 * @throws Error at the deadline, with what is missing
 */
export const arrival = (at: Addresses, runId: string, { during }: Narrator): Promise<Arrived> => {
  const deadline = Date.now() + DEADLINE_MILLIS;
  let missing: readonly string[] = [THE_END, ...Object.keys(EXPECTED)];

  const arrive = async (): Promise<Arrived> => {
    for (let before = 0; ; await sleep(PAUSE_MILLIS)) {
      const { actions } = await ask<{ actions: readonly Action[] }>(at.actions(runId));
      missing = [THE_END, ...missingFrom(actions)];
      if (missing.length === 1 && actions.length === before) {
        const { run } = await ask<{ run: Run }>(at.run(runId));
        if (run.endedAt !== undefined) return { run, actions };
      }
      if (Date.now() > deadline) throw new Error(`not in the store after a minute: ${missing.join('; ')}`);
      before = actions.length;
    }
  };
  return during('waiting for the store', arrive(), () => `missing: ${missing.join('; ')}`);
};
