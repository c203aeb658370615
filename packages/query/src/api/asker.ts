/** What an asker may do; each may do what those before it may. */
export const ROLES = [
  /** Reads the record. */
  'reader',
  /** Reads who looked at what, and how credentials stand. */
  'auditor',
  /** Changes owners and rules. */
  'admin',
] as const;

export type Role = (typeof ROLES)[number];

/** Who asks, as authenticated. */
export interface Asker {
  /** URI. */
  readonly principal: string;
  readonly role: Role;
  /** The one whose rows the asker sees, whatever is sent. */
  readonly tenant: string;
}

/** Whoever asks what has nothing of the record in it. */
export const ANYONE: Asker = { principal: 'urn:whence:anyone', role: 'reader', tenant: '' };

export const mayAct = ({ role }: Asker, needed: Role): boolean =>
  ROLES.indexOf(role) >= ROLES.indexOf(needed);
