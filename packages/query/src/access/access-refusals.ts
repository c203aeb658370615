import type { Role } from '../api/asker.ts';
import { QueryError } from '../query-error.ts';

const REALM = 'Bearer realm="whence"';

/** RFC 6750, 3.1. @param why undefined: nothing was presented, which is no error of a token */
export const unauthenticated = (why?: string): QueryError =>
  why === undefined
    ? new QueryError(
        'unauthenticated',
        'Send "Authorization: Bearer …" with a key (whk_…) or a token that has a role in the credentials file.',
        { headers: { 'WWW-Authenticate': REALM } },
      )
    : new QueryError('unauthenticated', `Not recognised: ${why}.`, {
        headers: {
          'WWW-Authenticate': `${REALM}, error="invalid_token", error_description="${quotable(why)}"`,
        },
      });

export const forbidden = (detail: string, needed: Role): QueryError =>
  new QueryError('forbidden', detail, {
    headers: { 'WWW-Authenticate': `${REALM}, error="insufficient_scope", scope="${needed}"` },
  });

/** What cannot be checked is not refused: the same token may be good in a moment. */
export const issuerUnavailable = (why: string, retryAfterSeconds: number): QueryError =>
  new QueryError('issuer_unavailable', `${why}.`, { headers: { 'Retry-After': String(retryAfterSeconds) } });

/** Characters that RFC 6750 lets a description have. */
const quotable = (text: string): string =>
  text.replaceAll('’', "'").replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '');
