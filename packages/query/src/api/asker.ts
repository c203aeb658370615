import { ROLES, type Role } from '@whence/identity';

export { ROLES, type Role };

/** Who asks, as authenticated. */
export interface Asker {
  /** URI. */
  readonly principal: string;
  readonly role: Role;
  /** The one whose rows the asker sees, whatever is sent. */
  readonly tenant: string;
  /** Authenticated. Otherwise `principal` says how it was let in, and who it is nobody knows. */
  readonly proven: boolean;
}

/** Whoever asks what has nothing of the record in it. */
export const ANYONE: Asker = {
  principal: 'urn:whence:anyone',
  role: 'reader',
  tenant: '',
  proven: false,
};

export const mayAct = ({ role }: Asker, needed: Role): boolean =>
  ROLES.indexOf(role) >= ROLES.indexOf(needed);
