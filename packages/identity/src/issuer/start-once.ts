import { hash } from 'node:crypto';
import type { Run } from '@whence/model';
import type { Credential } from '../credentials/credential-fields.ts';
import { type Refusal, refused } from './refusal.ts';
import type { StartRequest } from './run-requests.ts';

export interface BegunRun {
  readonly status: 'begun';
  readonly run: Run;
}

/** What a workload started under which key, for a while, in memory. */
export interface StartOnce {
  /**
   * Begins a run, or gives back the one that the same workload began with the same key and request; at the same time,
   * the later wait for the first. What began nothing is forgotten: it may be tried again.
   */
  start<Code extends string>(
    workload: Pick<Credential, 'tenant' | 'actor'>,
    key: string,
    request: StartRequest,
    begin: () => Promise<BegunRun | Refusal<Code>>,
  ): Promise<BegunRun | Refusal<Code | 'idempotency_key_reused'>>;
}

export interface StartOnceOptions {
  readonly rememberedMillis: number;
  /** Of one workload; of more keys the oldest are forgotten before their time. */
  readonly keysPerWorkload: number;
  /** Of all workloads. */
  readonly keys: number;
  /** Never goes back. */
  readonly monotonicMillis: () => number;
}

/** About 1 kB a key, in which the run is most of it. */
const DEFAULTS: StartOnceOptions = {
  rememberedMillis: 10 * 60_000,
  keysPerWorkload: 1_000,
  keys: 20_000,
  monotonicMillis: () => performance.now(),
};

interface Remembered {
  readonly workload: string;
  readonly key: string;
  readonly request: string;
  readonly atMillis: number;
  readonly answer: Promise<BegunRun | Refusal<string>>;
}

export const createStartOnce = (options: Partial<StartOnceOptions> = {}): StartOnce => {
  const { rememberedMillis, keysPerWorkload, keys, monotonicMillis } = { ...DEFAULTS, ...options };
  // Both iterate in order of insertion: the first entry is the oldest.
  const all = new Set<Remembered>();
  const byWorkload = new Map<string, Map<string, Remembered>>();

  const forget = (entry: Remembered): void => {
    if (!all.delete(entry)) return;
    const ofWorkload = byWorkload.get(entry.workload)!;
    ofWorkload.delete(entry.key);
    if (ofWorkload.size === 0) byWorkload.delete(entry.workload);
  };

  const remember = (entry: Remembered): void => {
    const ofWorkload = byWorkload.get(entry.workload) ?? new Map<string, Remembered>();
    byWorkload.set(entry.workload, ofWorkload.set(entry.key, entry));
    all.add(entry);
    if (ofWorkload.size > keysPerWorkload) forget(ofWorkload.values().next().value!);
    if (all.size > keys) forget(all.values().next().value!);
  };

  const forgetOld = (): void => {
    const before = monotonicMillis() - rememberedMillis;
    for (const entry of all) {
      if (entry.atMillis > before) return;
      forget(entry);
    }
  };

  return {
    async start({ tenant, actor }, key, request, begin) {
      forgetOld();
      const workload = JSON.stringify([tenant, actor]);
      const fingerprint = fingerprintOf(request);
      const known = byWorkload.get(workload)?.get(key);
      if (known !== undefined) {
        return known.request === fingerprint ? (known.answer as ReturnType<typeof begin>) : reused(key);
      }
      const answer = begin();
      const entry = { workload, key, request: fingerprint, atMillis: monotonicMillis(), answer };
      remember(entry);
      try {
        const begun = await answer;
        if (begun.status === 'refused') forget(entry);
        return begun;
      } catch (error) {
        forget(entry);
        throw error;
      }
    },
  };
};

/** Of what is asked for, not of its spelling: the order of members and blanks between them do not matter. */
const fingerprintOf = ({ job, principal, trigger, attempt, authority, parent }: StartRequest): string =>
  hash('sha256', JSON.stringify([job, principal, trigger, attempt, authority, parent]), 'base64');

const reused = (key: string): Refusal<'idempotency_key_reused'> =>
  refused(
    'idempotency_key_reused',
    `the key ${JSON.stringify(key)} stands for another request of this workload: send the same request again, or use a new key for each run`,
    'Idempotency-Key',
  );
