import type { IncomingMessage } from 'node:http';
import type { Asker } from '../api/asker.ts';

/** Who may ask. */
export interface Access {
  /**
   * Who sends the request.
   *
   * @throws QueryError `unauthenticated` where nothing proves it, `forbidden` where whoever it is has no role,
   * `issuer_unavailable` where it cannot be told now
   */
  askerOf(request: IncomingMessage): Promise<Asker>;
}

/** Without a credentials file: everyone who reaches the service may do everything in one tenant. */
export const openAccess = (tenant: string): Access => {
  const everyone: Asker = { principal: 'urn:whence:anonymous', role: 'admin', tenant, proven: false };
  return { askerOf: async () => everyone };
};
