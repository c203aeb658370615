/** Who answers for a principal, as somebody declared it: an owner, a team, or both. */
export interface Declaration {
  /** URI. */
  readonly owner?: string;
  readonly team?: string;
  /** The principal that declared it. */
  readonly by: string;
  /** RFC 3339, milliseconds, UTC. */
  readonly at: string;
}

/**
 * Keeps who answers for the principals of one tenant. What was said is never rewritten: the newest word on a principal
 * counts, and every earlier one stays on record.
 *
 * Every method throws StoreError `store_unavailable` or `store_refused`, and nothing else.
 */
export interface OwnerRegister {
  /** The newest words, by principal; of those that were not taken back. Any number of ids. */
  of(principals: readonly string[]): Promise<ReadonlyMap<string, Declaration>>;
  /** Durable when it resolves. @returns the word as it is kept */
  declare(principal: string, said: Omit<Declaration, 'at'>): Promise<Declaration>;
  /** Takes back what was declared. Durable when it resolves. */
  withdraw(principal: string, by: string): Promise<void>;
}
