import type { SpanContext } from '@opentelemetry/api';
import { REFERENCE_KEY } from '@whence/model';
import type { SqlComments } from '../../settings/config.ts';
import { carrierOf } from '../carrier.ts';
import { type Method, patchMethod } from '../patching/patched-method.ts';
import { contextOf, referenceOf } from './sql-comment.ts';

/**
 * A named statement is prepared once and its text stays, so a comment cannot name who executes it. The portal can: the
 * name that each execution gives to its result, `whence=<reference>,<traceparent>` instead of none. It costs no round
 * trip, leaves nothing in the session, goes through pools in transaction mode, and the server logs it (`execute
 * <statement>/whence=…`, cut off after 63 characters). The reference comes first: it is at most 55 long.
 *
 * Undefined where there is nothing to say.
 */
export const portalOf = (span: SpanContext, mode: SqlComments): string | undefined => {
  if (mode === 'off') return undefined;
  const reference = referenceOf(span);
  const run = reference === undefined ? '' : `${PREFIX}${reference}`;
  const parent = mode === 'full' ? carrierOf(contextOf(span)).traceparent : '';
  return [run, parent].filter((part) => part !== '').join(',') || undefined;
};

const PREFIX = `${REFERENCE_KEY}=`;
const OURS = new RegExp(`^(?:${PREFIX}|00-[0-9a-f]{32}-)`);

/**
 * Lets queries of this class close the portals that `portalOf` named, within the same message. A named portal that stays
 * open locks its tables until the transaction ends, and no other may have its name.
 *
 * @returns whether this class of queries has portals that can be named
 */
export const closeNamedPortals = (Query: { prototype: object } | undefined): boolean => {
  if (typeof (Query?.prototype as QueryInternals | undefined)?._getRows !== 'function') return false;
  patchMethod(
    Query!.prototype,
    '_getRows',
    (original: Method): Method =>
      function getRows(this: QueryInternals, connection: Wire, rows?: number) {
        if (rows || !OURS.test(this.portal ?? '')) return original.call(this, connection, rows);
        connection.execute({ portal: this.portal });
        connection.close({ type: 'P', name: this.portal });
        connection.sync();
      },
  );
  return true;
};

interface QueryInternals {
  readonly portal?: string;
  readonly _getRows?: unknown;
}

interface Wire {
  execute(message: { portal: string | undefined }): void;
  close(message: { type: 'P'; name: string | undefined }): void;
  sync(): void;
}
