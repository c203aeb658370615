import { writeSync } from 'node:fs';
import { express } from './boundary/express.ts';
import { carrier, childEnv } from './carriers/carrier.ts';
import { causedBy } from './carriers/caused-by.ts';
import { eachCaused } from './carriers/each-caused.ts';
import { eventCarrier } from './carriers/event-carrier.ts';
import { threadEnvironment } from './carriers/processes/thread-parent.ts';
import { type ScheduledFunction, scheduledBy } from './carriers/schedules/scheduled.ts';
import { processEnd } from './export/process-end.ts';
import { action } from './runs/action.ts';
import { current } from './runs/active-run.ts';
import { bind, guard } from './runs/bound.ts';
import { httpIssuer } from './runs/http-issuer.ts';
import { type HandoffFunction, type RunFunction, runsOf } from './runs/run.ts';
import { detach } from './runs/run-context.ts';
import { readConfig, type WhenceOptions } from './settings/config.ts';
import { noticesTo } from './settings/notices.ts';
import { type Installed, installed, setInstalled } from './startup/installed.ts';
import { patchHttp } from './startup/module-hooks.ts';
import { startTracing } from './startup/tracing.ts';

/** The SDK of this process. */
export interface Whence {
  readonly run: RunFunction;
  readonly handoff: HandoffFunction;
  readonly action: typeof action;
  readonly current: typeof current;
  readonly bind: typeof bind;
  readonly guard: typeof guard;
  readonly detach: typeof detach;
  readonly carrier: typeof carrier;
  readonly causedBy: typeof causedBy;
  readonly eachCaused: typeof eachCaused;
  readonly eventCarrier: typeof eventCarrier;
  readonly scheduled: ScheduledFunction;
  readonly express: typeof express;
  readonly childEnv: typeof childEnv;
  /** Resolves when every ended span is exported, or after 5 s; what could not be exported then waits on. */
  flush(): Promise<void>;
  /** As `flush`, then stops: what could not be exported waits on disk, or is lost, counted and said. */
  shutdown(): Promise<void>;
}

/** Sets up tracing for this process, once: a second call warns and gives back the first. */
export const whence = (options?: WhenceOptions): Whence => {
  const before = installed();
  if (before !== undefined) {
    before.notices.warn(
      'whence() was called before in this process: the first one stays, options are ignored',
    );
    return before.whence;
  }
  return install(options).whence;
};

/** @see RunFunction. Sets up tracing from the environment where nobody has yet. */
export const run: RunFunction = (options, fn) => (installed() ?? install()).whence.run(options, fn);

/** @see HandoffFunction */
export const handoff: HandoffFunction = (from, options, fn) =>
  (installed() ?? install()).whence.handoff(from, options, fn);

/** @see ScheduledFunction */
export const scheduled: ScheduledFunction = (options, fn) =>
  (installed() ?? install()).whence.scheduled(options, fn);

/** Resolves when every ended span is exported, or after 5 s. Call it before `process.exit()`. */
export const flush = async (): Promise<void> => installed()?.whence.flush();

export const shutdown = async (): Promise<void> => installed()?.whence.shutdown();

export const install = (options: WhenceOptions = {}): Installed => {
  const { config, faults } = readConfig(threadEnvironment(process.env), options);
  const notices = noticesTo(toStderr, config.log);
  for (const fault of faults) notices.warn(fault);
  const pipeline = startTracing(config, notices);
  const httpPatched = patchHttp();
  const issuer = config.issuerUrl === undefined ? undefined : httpIssuer(config.issuerUrl, config.key);
  const runs = runsOf(issuer, notices);
  const made: Installed = {
    whence: Object.freeze({
      run: runs.run,
      handoff: runs.handoff,
      action,
      current,
      bind,
      guard,
      detach,
      carrier,
      causedBy,
      eachCaused,
      eventCarrier,
      scheduled: scheduledBy(runs.run),
      express,
      childEnv,
      flush: async () => void (await pipeline.flush()),
      shutdown: () => pipeline.shutdown(),
    }),
    config,
    notices,
    end: processEnd(runs, pipeline),
    httpPatched,
    instrumentations: pipeline.instrumentations,
  };
  made.end.flushWhenIdle();
  setInstalled(made);
  return made;
};

/** Also while the process exits, and where nobody reads it any more. */
const toStderr = (line: string): void => {
  try {
    writeSync(2, line);
  } catch {}
};
