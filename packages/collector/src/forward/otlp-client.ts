import { encodingOf } from '../otlp/encoding.ts';

/** What became of one request. */
export type SendOutcome =
  | { readonly status: 'accepted' }
  /** The other side may take it later: after `retryAfterMillis`, if it said so. */
  | { readonly status: 'retry'; readonly reason: string; readonly retryAfterMillis?: number }
  /** The other side will never take it. */
  | { readonly status: 'refused'; readonly reason: string };

export interface OtlpClient {
  /** @param path `/v1/traces`, `/v1/logs`, `/v1/metrics` @param body in either encoding */
  send(path: string, body: Uint8Array, signal: AbortSignal): Promise<SendOutcome>;
}

const RETRYABLE = new Set([429, 502, 503, 504]);
const TIMEOUT_MILLIS = 30_000;
/** An answer is read no further than this: it is for messages only. */
const ANSWER_MAX_CHARACTERS = 1_000;

/** Sends OTLP/HTTP by the rules of the specification: what to send again, and when. Never throws. */
export const createOtlpClient = (
  endpoint: string,
  headers: Readonly<Record<string, string>>,
): OtlpClient => ({
  async send(path, body, signal) {
    try {
      const response = await fetch(endpoint.replace(/\/+$/, '') + path, {
        method: 'POST',
        headers: { ...headers, 'content-type': encodingOf(body) },
        body: new Uint8Array(body),
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MILLIS)]),
      });
      const answer = (await response.text()).slice(0, ANSWER_MAX_CHARACTERS);
      if (response.ok) return { status: 'accepted' };
      const reason = `HTTP ${response.status}: ${answer}`;
      if (!RETRYABLE.has(response.status)) return { status: 'refused', reason };
      const retryAfterMillis = millisOf(response.headers.get('retry-after'));
      return { status: 'retry', reason, ...(retryAfterMillis === undefined ? {} : { retryAfterMillis }) };
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      return { status: 'retry', reason: cause instanceof Error ? cause.message : String(cause) };
    }
  },
});

/** `Retry-After`: seconds, or an HTTP date (RFC 9110, section 10.2.3). */
const millisOf = (header: string | null): number | undefined => {
  if (header === null) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
};
