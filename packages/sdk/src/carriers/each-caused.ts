import { type Context, context } from '@opentelemetry/api';
import { effectOf } from './caused-by.ts';
import { messageCause, tickOf } from './message-cause.ts';
import { takenUp } from './queues/taken-up.ts';

/**
 * For handlers that get several messages at once: `fn` for each of them in turn, each in the run that sent it. What
 * one message does begins a trace of its own, linked to the message's producer; a message without a reference is
 * nobody's.
 *
 * Stops at the first `fn` that fails, and fails as it did. For messages at the same time:
 * `Promise.all(messages.map((message) => eachCaused([message], fn)))`.
 */
export const eachCaused = async <M extends object>(
  messages: Iterable<M>,
  fn: (message: M, index: number) => unknown,
): Promise<void> => {
  let index = 0;
  for (const message of messages) {
    const at = index++;
    await inEffectOf(message, context.active(), () => fn(message, at));
  }
};

const inEffectOf = (message: object, around: Context, fn: () => unknown): unknown => {
  const work = takenUp(message);
  if (work !== undefined) return work.during(effectOf(undefined, around), fn);
  return context.with(tickOf(message, effectOf(messageCause(message), around)), fn);
};
