import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Counters } from '@whence/model';
import type { DiskReserve, Spool, StoreLink } from '@whence/store';
import type { BodyMemory } from './receive/body-memory.ts';

export interface Health {
  /** Can it accept, and keep what it accepts? The store may be away: that is what the spool is for. */
  readiness(): { readonly ready: boolean } & Readonly<Record<string, unknown>>;
  /** Prometheus text exposition. */
  metrics(): string;
  stop(): void;
}

const RESOLUTION_MILLIS = 20;
const NANOS_PER_SECOND = 1e9;

export interface HealthParts {
  /** Without which nothing can be accepted. */
  readonly spools: readonly Spool[];
  /** Others that are shown. */
  readonly otherSpools: readonly Spool[];
  readonly reserve: DiskReserve;
  readonly link: StoreLink;
  readonly bodyMemory: BodyMemory;
  readonly counters: Counters;
}

export const createHealth = (parts: HealthParts): Health => {
  const { spools, otherSpools, reserve, link, bodyMemory, counters } = parts;
  const all = [...spools, ...otherSpools];
  const loop = monitorEventLoopDelay({ resolution: RESOLUTION_MILLIS });
  loop.enable();
  return {
    readiness: () => {
      const closed = all.filter((spool) => !spool.accepting);
      return {
        ready: closed.length === 0,
        spool:
          closed.length === 0
            ? 'accepting'
            : `not accepting: ${closed.map(({ table }) => table.name).join(', ')}`,
        ...(reserve.spent ? { disk: 'full: nothing is accepted until there is room for the reserve' } : {}),
        oldestSeconds: Math.round(Math.max(...all.map((spool) => spool.ageMillis(Date.now()))) / 1000),
        store: link.current === undefined ? 'away since the start' : 'open',
      };
    },
    metrics: () => {
      const text = counters.render({
        ...spoolGauges(all),
        whence_collector_spool_reserve_bytes: reserve.bytes,
        ...loopGauges(loop),
        whence_collector_bodies_bytes: bodyMemory.bytes,
        process_resident_memory_bytes: process.memoryUsage.rss(),
      });
      // Each scrape tells of the time since the one before.
      loop.reset();
      return text;
    },
    stop: () => loop.disable(),
  };
};

const spoolGauges = (spools: readonly Spool[]): Record<string, number> =>
  Object.fromEntries([
    ...spools.map(({ table, bytes }) => [`whence_collector_spool_bytes{table="${table.name}"}`, bytes]),
    ...spools.map((spool) => [
      `whence_collector_spool_age_seconds{table="${spool.table.name}"}`,
      spool.ageMillis(Date.now()) / 1000,
    ]),
  ]);

const loopGauges = (loop: ReturnType<typeof monitorEventLoopDelay>): Record<string, number> => {
  const name = 'whence_collector_event_loop_delay_seconds';
  const seconds = (nanos: number): number =>
    Number.isFinite(nanos) ? Math.max(0, nanos / NANOS_PER_SECOND - RESOLUTION_MILLIS / 1000) : 0;
  return {
    [`${name}{quantile="0.5"}`]: seconds(loop.percentile(50)),
    [`${name}{quantile="0.99"}`]: seconds(loop.percentile(99)),
    [`${name}{quantile="1"}`]: seconds(loop.max),
  };
};
