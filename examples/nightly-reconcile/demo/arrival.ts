import { setTimeout as sleep } from 'node:timers/promises';
import type { Action } from '@whence/model';
import { EXPECTED, missingFrom } from './expected.ts';
import type { Narrator } from './narrator.ts';
import { ask } from './questions.ts';

const DEADLINE_MILLIS = 60_000;
const PAUSE_MILLIS = 150;

/**
 * Every action of the run, once the store has all that are expected and no more come in.
 *
 * @throws Error at the deadline, with what is missing
 */
export const allActions = (url: string, { during }: Narrator): Promise<readonly Action[]> => {
  const deadline = Date.now() + DEADLINE_MILLIS;
  let missing: readonly string[] = Object.keys(EXPECTED);

  const arrive = async (): Promise<readonly Action[]> => {
    for (let before = 0; ; await sleep(PAUSE_MILLIS)) {
      const { actions } = await ask<{ actions: readonly Action[] }>(url);
      missing = missingFrom(actions);
      if (missing.length === 0 && actions.length === before) return actions;
      if (Date.now() > deadline) throw new Error(`not in the store after a minute: ${missing.join('; ')}`);
      before = actions.length;
    }
  };
  return during('waiting for the store', arrive(), () => `${missing.length} actions to come`);
};
