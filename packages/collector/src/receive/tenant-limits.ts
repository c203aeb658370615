import type { CredentialSet } from '@whence/identity';

/** What a tenant may send, in inflated bytes. */
export interface TenantLimit {
  readonly bytesPerSecond: number;
  /** Sent at once after a pause. At least the largest request that shall pass. */
  readonly burstBytes: number;
}

/** A tenant's own limit where the credentials file has one, otherwise that of all. */
export const limitOfTenant = (
  credentials: CredentialSet | undefined,
  ofAll: TenantLimit | undefined,
  bodyMaxBytes: number,
): ((tenant: string) => TenantLimit | undefined) => {
  const own = new Map<string, TenantLimit | undefined>();
  for (const [tenant, { bytesPerSecond, burstBytes }] of credentials?.limits ?? []) {
    const limit = { bytesPerSecond, burstBytes: burstBytes ?? Math.max(bytesPerSecond, bodyMaxBytes) };
    own.set(tenant, bytesPerSecond === 0 ? undefined : limit);
  }
  return (tenant) => (own.has(tenant) ? own.get(tenant) : ofAll);
};

interface Bucket {
  bytes: number;
  filledAtMillis: number;
}

/**
 * A token bucket per tenant. A request is let in while the bucket holds anything, and its size is taken afterwards, when
 * it is known: the bucket may go below zero, and the next request waits for as long.
 */
export class TenantLimits {
  private readonly limitOf: (tenant: string) => TenantLimit | undefined;
  private readonly now: () => number;
  private readonly buckets = new Map<string, Bucket>();

  constructor(limitOf: (tenant: string) => TenantLimit | undefined, now: () => number = Date.now) {
    this.limitOf = limitOf;
    this.now = now;
  }

  /** Seconds to wait, rounded up; 0: may send now. */
  secondsUntilAllowed(tenant: string): number {
    const limit = this.limitOf(tenant);
    if (limit === undefined) return 0;
    const { bytes } = this.bucketOf(tenant, limit);
    return bytes > 0 ? 0 : Math.max(1, Math.ceil(-bytes / limit.bytesPerSecond));
  }

  /** Takes what was sent. */
  take(tenant: string, bytes: number): void {
    const limit = this.limitOf(tenant);
    if (limit !== undefined) this.bucketOf(tenant, limit).bytes -= bytes;
  }

  private bucketOf(tenant: string, limit: TenantLimit): Bucket {
    const now = this.now();
    let bucket = this.buckets.get(tenant);
    if (bucket === undefined) {
      bucket = { bytes: limit.burstBytes, filledAtMillis: now };
      this.buckets.set(tenant, bucket);
      return bucket;
    }
    // A clock that goes back fills nothing and takes nothing.
    const seconds = Math.max(0, now - bucket.filledAtMillis) / 1000;
    bucket.bytes = Math.min(limit.burstBytes, bucket.bytes + seconds * limit.bytesPerSecond);
    bucket.filledAtMillis = now;
    return bucket;
  }
}
