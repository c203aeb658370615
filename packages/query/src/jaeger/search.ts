import type { TraceFilter, TraceSearch } from '@whence/store';
import { badParameter } from '../api/parameters.ts';
import type { Tag } from './attribution-tags.ts';
import { servicesNamed } from './first-span.ts';
import { filterOfTags } from './search-tags.ts';

/** Traces in one answer. */
export const TRACES_MAX = 1500;

/** A search as both generations ask for it. */
export interface AskedSearch {
  readonly service: string | undefined;
  readonly operation: string | undefined;
  readonly tags: readonly Tag[];
  /** Both inclusive. */
  readonly fromNanos: bigint;
  readonly toNanos: bigint;
  readonly minDuration: bigint | undefined;
  readonly maxDuration: bigint | undefined;
  readonly limit: number;
}

/** What the parameters are called where they are complained about. */
export interface SearchNames {
  readonly to: string;
  readonly maxDuration: string;
  readonly tags: string;
}

export const searchOf = (asked: AskedSearch, names: SearchNames): TraceSearch => {
  const { service, operation, fromNanos, toNanos, minDuration, maxDuration } = asked;
  if (toNanos < fromNanos) throw badParameter(names.to, 'before the start');
  if (minDuration !== undefined && maxDuration !== undefined && maxDuration < minDuration) {
    throw badParameter(names.maxDuration, 'shorter than the shortest');
  }
  const ofTags = filterOfTags(names.tags, asked.tags);
  const filter: TraceFilter = {
    ...ofTags,
    action: { ...ofTags.action, fromNanos, toNanos: toNanos + 1n },
    ...(service === undefined ? {} : { services: servicesNamed(service) }),
    ...(operation === undefined ? {} : { name: operation }),
    ...(minDuration === undefined ? {} : { minDurationNanos: minDuration }),
    ...(maxDuration === undefined ? {} : { maxDurationNanos: maxDuration }),
  };
  return { filter, limit: asked.limit };
};

export const nowNanos = (): bigint => BigInt(Date.now()) * 1_000_000n;
