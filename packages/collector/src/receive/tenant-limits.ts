import type { CredentialSet, CredentialsFile } from '@whence/identity';

/** What a tenant may send, in inflated bytes. */
export interface TenantLimit {
  readonly bytesPerSecond: number;
  /** Sent at once after a pause. At least the largest request that shall pass. */
  readonly burstBytes: number;
}

/** A tenant's own limit where the credentials have one, otherwise that of all. */
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

/** By the credentials file as it is at the time. */
export const limitsByFile = (
  file: CredentialsFile | undefined,
  ofAll: TenantLimit | undefined,
  bodyMaxBytes: number,
): ((tenant: string) => TenantLimit | undefined) => {
  let limitOf = limitOfTenant(file?.current.set, ofAll, bodyMaxBytes);
  file?.onChange(({ set }) => {
    limitOf = limitOfTenant(set, ofAll, bodyMaxBytes);
  });
  return (tenant) => limitOf(tenant);
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

  constructor(
    limitOf: (tenant: string) => TenantLimit | undefined,
    now: () => number = () => performance.now(),
  ) {
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
    const seconds = (now - bucket.filledAtMillis) / 1000;
    bucket.bytes = Math.min(limit.burstBytes, bucket.bytes + seconds * limit.bytesPerSecond);
    bucket.filledAtMillis = now;
    return bucket;
  }
}
