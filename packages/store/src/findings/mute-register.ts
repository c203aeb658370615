/** What is not wanted. `*` is any characters, none included. */
export interface MutePattern {
  readonly rule: string;
  readonly principal: string;
  readonly target: string;
}

export interface Mute extends MutePattern {
  /** UUIDv7. */
  readonly id: string;
  readonly reason: string;
  /** RFC 3339; absent: for good. */
  readonly until?: string;
  readonly by: string;
  /** RFC 3339. */
  readonly at: string;
}

/** Mutes of one tenant that hold at the same time, at most. */
export const MUTES_MAX = 200;

/**
 * What people of one tenant do not want to hear of. Rows are added, never rewritten.
 *
 * Every method throws StoreError `store_unavailable` or `store_refused`, and nothing else.
 */
export interface MuteRegister {
  /** Those that are in force, newest first. */
  inForce(): Promise<readonly Mute[]>;
  /** Durable when it resolves. */
  add(mute: Omit<Mute, 'id' | 'at'>): Promise<Mute>;
  /** @returns whether it was in force. */
  lift(id: string, by: string): Promise<boolean>;
}
