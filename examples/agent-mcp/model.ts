/**
 * In place of a language model: it chooses the next tool by fixed rules, so that the example does the same each time, and
 * needs nobody's key. A real one would be asked here, with the same in and out.
 */
export interface Choice {
  readonly tool: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

export interface Step {
  readonly choice: Choice;
  readonly result: string;
}

/** @returns undefined when the task is done */
export const chooseNext = (task: string, steps: readonly Step[]): Choice | undefined => {
  const [found, ...more] = steps;
  const invoice = /invoice (\S+)/.exec(task)?.[1];
  if (found === undefined) return { tool: 'find_invoice', arguments: { invoice } };
  const { amount, paidTwice } = JSON.parse(found.result) as { amount: number; paidTwice: boolean };
  return paidTwice && more.length === 0 ? { tool: 'refund', arguments: { invoice, amount } } : undefined;
};
