import type { CredentialProof } from '@whence/model';
import type { CredentialUse } from '../rowbinary/credential-rows.ts';

/** Whoever was recognised by a credential. The same object as long as it presents the same. */
export interface CredentialHolder {
  readonly tenant: string;
  /** The workload. */
  readonly actor: string;
  readonly proof: CredentialProof;
}

interface Tally {
  firstUsedMillis: number;
  lastUsedMillis: number;
  uses: number;
  spans: number;
  readonly addresses: Set<string>;
  usesElsewhere: number;
}

/** Of one credential between two records. */
const ADDRESSES_MAX = 32;

/**
 * Counts what is done with credentials. One look-up in a map for each request, and nothing for each span. Bounded: what
 * comes of another credential while `full` is not counted, and told by `false`.
 */
export class CredentialUses {
  readonly #max: number;
  #tallies = new Map<CredentialHolder, Tally>();

  /** @param max credentials that are counted between two records; each token is one */
  constructor(max: number) {
    this.#max = max;
  }

  get full(): boolean {
    return this.#tallies.size >= this.#max;
  }

  /** A request by which someone was recognised. @param address that it came from */
  used(holder: CredentialHolder, address: string | undefined, nowMillis: number): boolean {
    const tally = this.#tallyOf(holder, nowMillis);
    if (tally === undefined) return false;
    tally.uses += 1;
    tally.lastUsedMillis = nowMillis;
    if (address === undefined || tally.addresses.has(address)) return true;
    if (tally.addresses.size < ADDRESSES_MAX) tally.addresses.add(address);
    else tally.usesElsewhere += 1;
    return true;
  }

  /** Spans of such a request, once they are accepted. */
  accepted(holder: CredentialHolder, spans: number, nowMillis: number): void {
    const tally = this.#tallyOf(holder, nowMillis);
    if (tally !== undefined) tally.spans += spans;
  }

  /** What was counted since the last time: one for each credential, tokens of one subject together. */
  take(): readonly CredentialUse[] {
    const uses = new Map<string, CredentialUse>();
    for (const [{ tenant, actor, proof }, { addresses, ...tally }] of this.#tallies) {
      const use = { tenant, actor, proof, ...tally, addresses: [...addresses] };
      const same = JSON.stringify([
        ...[tenant, actor, proof.id, proof.entryId],
        proof.kind === 'token' ? '' : proof.fingerprint,
      ]);
      const before = uses.get(same);
      uses.set(same, before === undefined ? use : together(before, use));
    }
    this.#tallies = new Map();
    return [...uses.values()];
  }

  #tallyOf(holder: CredentialHolder, nowMillis: number): Tally | undefined {
    let tally = this.#tallies.get(holder);
    if (tally === undefined && !this.full) {
      tally = {
        firstUsedMillis: nowMillis,
        lastUsedMillis: nowMillis,
        uses: 0,
        spans: 0,
        addresses: new Set(),
        usesElsewhere: 0,
      };
      this.#tallies.set(holder, tally);
    }
    return tally;
  }
}

const together = (a: CredentialUse, b: CredentialUse): CredentialUse => {
  const addresses = [...new Set([...a.addresses, ...b.addresses])];
  return {
    ...a,
    proof: a.proof.issuedAtMillis > b.proof.issuedAtMillis ? a.proof : b.proof,
    firstUsedMillis: Math.min(a.firstUsedMillis, b.firstUsedMillis),
    lastUsedMillis: Math.max(a.lastUsedMillis, b.lastUsedMillis),
    uses: a.uses + b.uses,
    spans: a.spans + b.spans,
    addresses,
    usesElsewhere: a.usesElsewhere + b.usesElsewhere,
  };
};
