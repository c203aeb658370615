import { setTimeout as pause } from 'node:timers/promises';

export interface Patience {
  /** @default 30_000 */
  readonly withinMillis?: number;
  /** Said when the time is over. */
  readonly otherwise?: () => string;
}

/** Asks again until the answer is something other than undefined or false. */
export const eventually = async <Answer>(
  ask: () => Promise<Answer | undefined | false> | Answer | undefined | false,
  { withinMillis = 30_000, otherwise }: Patience = {},
): Promise<Answer> => {
  const deadline = Date.now() + withinMillis;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > deadline) {
      throw new Error(`not so within ${withinMillis} ms${otherwise === undefined ? '' : `: ${otherwise()}`}`);
    }
    await pause(25);
  }
};
