import type { Outcome } from '@whence/model';
import { messageOf } from '../runs/failure.ts';
import type { Runs } from '../runs/run.ts';
import type { Pipeline } from './pipeline.ts';
import { within } from './within.ts';

const LAST_MILLIS = 3000;

/** What is done when the process ends: nothing that it did is forgotten, and it ends as it would have. */
export interface ProcessEnd {
  /**
   * Exports what is held, or waits on disk since an earlier process, when there is nothing left to do. What is left when the process exits, by `process.exit()` too,
   * goes to disk; says what was lost.
   */
  flushWhenIdle(): void;
  /**
   * A signal that nobody else handles ends the process as it would have, after what is under way has been ended as
   * cancelled, and exported (3 s at most; at once on a second signal). Where the host has a handler of its own, the end
   * is the host's.
   */
  flushOnSignals(): void;
  /** The same for an error that nobody catches; what is under way then has failed. */
  flushOnUncaught(): void;
  /** For a host that is stopped without a signal: ends what is under way, and exports it, in `millis` at most. */
  endOpen(outcome: Outcome, reason: string, millis: number): Promise<void>;
}

export const processEnd = (runs: Runs, pipeline: Pipeline): ProcessEnd => {
  const endOpen = async (outcome: Outcome, reason: string, millis: number): Promise<void> => {
    const told = runs.endOpen(outcome, reason);
    pipeline.endOpen(reason);
    await within(millis, Promise.all([told, pipeline.flush(millis)]));
  };
  const last: Last = (outcome, reason) => endOpen(outcome, reason, LAST_MILLIS);
  return {
    flushWhenIdle: () => flushWhenIdle(pipeline),
    flushOnSignals: () => {
      onSignal('SIGTERM', pipeline, last);
      onSignal('SIGINT', pipeline, last);
    },
    flushOnUncaught: () => onUncaught(last),
    endOpen,
  };
};

type Last = (outcome: Outcome, reason: string) => Promise<void>;

const flushWhenIdle = (pipeline: Pipeline): void => {
  let flushing = false;
  let leftBehind = 0;
  let offered = false;
  process.on('beforeExit', () => {
    if (flushing) return;
    pipeline.endOpen('nothing was left to wait for');
    if (pipeline.held() === leftBehind && (offered || !pipeline.hasSpooled())) return;
    offered = true;
    flushing = true;
    void pipeline.flush(LAST_MILLIS).then(() => {
      leftBehind = pipeline.held();
      flushing = false;
    });
  });
  process.on('exit', () => {
    pipeline.endOpen('the process exited');
    pipeline.finish();
  });
};

const onSignal = (signal: 'SIGTERM' | 'SIGINT', pipeline: Pipeline, last: Last): void => {
  let ending = false;
  const end = (): void => {
    pipeline.finish();
    process.off(signal, listener);
    process.kill(process.pid, signal);
  };
  const listener = (): void => {
    if (ending) {
      end();
    } else if (process.listenerCount(signal) - 1 > onlookers()) {
      void pipeline.flush(LAST_MILLIS);
    } else {
      ending = true;
      void last('cancelled', `the process was ended by ${signal}`).then(end);
    }
  };
  process.on(signal, listener);
};

/**
 * The package signal-exit, loaded by many others, listens and ends the process itself, but only where nobody else
 * listens: with us there it would wait for us, and we for it.
 */
const onlookers = (): number => {
  const emitters = [
    (globalThis as Record<symbol, unknown>)[Symbol.for('signal-exit emitter')],
    (process as unknown as Record<string, unknown>)['__signal_exit_emitter__'],
  ];
  return emitters
    .map((emitter) => (emitter as { count?: unknown } | undefined)?.count)
    .reduce<number>((sum, count) => sum + (typeof count === 'number' ? count : 0), 0);
};

const onUncaught = (last: Last): void => {
  let ending = false;
  const listener = (error: unknown): void => {
    if (ending || process.listenerCount('uncaughtException') > 1) return;
    ending = true;
    void last('failure', `the process was ended by an error that nobody caught: ${messageOf(error)}`).then(
      () => {
        process.off('uncaughtException', listener);
        setImmediate(() => {
          throw error;
        });
      },
    );
  };
  process.on('uncaughtException', listener);
};
