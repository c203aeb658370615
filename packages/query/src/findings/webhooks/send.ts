import { VERSION } from '../../version.ts';
import { signedHeaders } from './signature.ts';
import type { Endpoint } from './webhooks-file.ts';

export type SendOutcome =
  | { readonly status: 'delivered'; readonly httpStatus: number }
  /** The receiver wants nothing any more (410). */
  | { readonly status: 'gone'; readonly httpStatus: number }
  | {
      readonly status: 'failed';
      /** Absent: no answer. */
      readonly httpStatus?: number;
      readonly failure: string;
      /** The receiver asked for so long a wait. */
      readonly retryAfterMillis?: number;
    };

/** Posts a message once. Redirects are not followed: they are failures. Never rejects. */
export const send = async (
  { url, secrets, timeoutSeconds }: Endpoint,
  id: string,
  body: string,
  nowMillis = Date.now(),
): Promise<SendOutcome> => {
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'content-type': 'application/json',
        'user-agent': `whence/${VERSION}`,
        ...signedHeaders(id, Math.floor(nowMillis / 1000), body, secrets),
      },
      body,
      signal: AbortSignal.timeout(timeoutSeconds * 1000),
    });
    await response.body?.cancel();
    const { status: httpStatus } = response;
    if (httpStatus >= 200 && httpStatus < 300) return { status: 'delivered', httpStatus };
    if (httpStatus === 410) return { status: 'gone', httpStatus };
    const retryAfterMillis = retryAfterOf(response.headers.get('retry-after'), nowMillis);
    return {
      status: 'failed',
      httpStatus,
      failure:
        httpStatus >= 300 && httpStatus < 400
          ? 'answered with a redirect, which is not followed'
          : `answered ${httpStatus}`,
      ...(retryAfterMillis === undefined ? {} : { retryAfterMillis }),
    };
  } catch (error) {
    return { status: 'failed', failure: whyOf(error, timeoutSeconds) };
  }
};

const whyOf = (error: unknown, timeoutSeconds: number): string => {
  if (error instanceof Error && error.name === 'TimeoutError') return `no answer within ${timeoutSeconds} s`;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return `no answer: ${code || (cause instanceof Error ? cause.message : String(cause))}`.slice(0, 300);
};

const retryAfterOf = (text: string | null, nowMillis: number): number | undefined => {
  if (text === null) return undefined;
  const millis = /^\d{1,7}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMillis;
  return Number.isFinite(millis) && millis > 0 ? millis : undefined;
};
