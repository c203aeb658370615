import { context, ROOT_CONTEXT, type Tracer } from '@opentelemetry/api';
import { InstrumentationBase, InstrumentationNodeModuleDefinition } from '@opentelemetry/instrumentation';
import type { Notices } from '../../settings/notices.ts';
import { SCHEDULE_MARK } from '../message-cause.ts';
import { patchOnce } from '../patching/patch-once.ts';
import type { TracedLibrary } from '../traced-library.ts';
import { type BossHandler, inRunsOf } from './pg-boss-work.ts';

/** What is used of pg-boss's class. */
interface BossPrototype {
  start(): Promise<unknown>;
  work(name: string, ...args: unknown[]): Promise<string>;
  schedule(name: string, cron: string, data?: unknown, options?: unknown): Promise<void>;
}

/**
 * The receiving side. pg-boss keeps nothing of a job but its `data`, which is the user's: a carrier gets there by the
 * user's own hand (`{ ...data, whence: carrier() }`), or not at all. Its loops are kept out of the runs that start them.
 */
class PgBossInstrumentation extends InstrumentationBase {
  readonly #notices: Notices;

  constructor(notices: Notices) {
    super('@whence/sdk/pg-boss', '0.1.0', {});
    this.#notices = notices;
  }

  protected override init() {
    type Exports = { PgBoss?: { prototype: BossPrototype } };
    return new InstrumentationNodeModuleDefinition('pg-boss', ['>=12 <13'], (exports: Exports) => {
      const boss = exports.PgBoss?.prototype;
      patchOnce('pg-boss', boss, this.#notices, () => keepInRuns(boss!, () => this.tracer));
      return exports;
    });
  }
}

const keepInRuns = (boss: BossPrototype, tracer: () => Tracer): void => {
  const { start, work, schedule } = boss;
  boss.start = function () {
    return context.with(ROOT_CONTEXT, start, this);
  };
  boss.work = function (name, ...args) {
    const handler = args.at(-1);
    if (typeof handler !== 'function') return work.call(this, name, ...args);
    const inRuns = inRunsOf(name, handler as BossHandler, tracer);
    return context.with(ROOT_CONTEXT, work, this, name, ...args.slice(0, -1), inRuns);
  };
  boss.schedule = function (name, cron, data, options) {
    return schedule.call(this, name, cron, marked(data), options);
  };
};

/** So that the ticks that copy this data can be told from messages. */
const marked = (data: unknown): unknown => {
  const carrier = (data as { whence?: unknown } | null | undefined)?.whence;
  if (typeof carrier !== 'object' || carrier === null) return data;
  return { ...(data as object), whence: { ...carrier, ...SCHEDULE_MARK } };
};

export const pgBoss: TracedLibrary = {
  packages: ['pg-boss'],
  instrumentation: ({ notices }) => new PgBossInstrumentation(notices),
};
