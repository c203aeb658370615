/** What an asker may do with the record; each may do what those before it may. */
export const ROLES = [
  /** Reads the record. */
  'reader',
  /** Reads who looked at what, and how credentials stand. */
  'auditor',
  /** Changes owners and rules. */
  'admin',
] as const;

export type Role = (typeof ROLES)[number];
