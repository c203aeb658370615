import { type Context, createContextKey } from '@opentelemetry/api';
import { causeIn } from '../carriers/caused-by.ts';
import { runIn } from '../runs/run-scope.ts';

/** The header, in the spelling of HTTP/2 (draft-ietf-oauth-transaction-tokens). */
export const TXN_TOKEN = 'txn-token';

/** One with a principal, an authority and a scope in it has some 500 characters. */
export const TXN_TOKEN_MAX = 8192;

const COMPACT_JWS = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** Whether a text can be put into a header, and be a signed token. Who signed it, its receiver judges. */
export const isTokenText = (text: string): boolean => text.length <= TXN_TOKEN_MAX && COMPACT_JWS.test(text);

interface Arrived {
  readonly token: string;
  /** Of the run that the request belongs to, where it belongs to any. */
  readonly reference: string | undefined;
}

const ARRIVED = createContextKey('whence txn-token');

/** The context of a request that came with a token. */
export const withArrivedToken = (context: Context, token: string): Context =>
  context.setValue(ARRIVED, { token, reference: runIn(context)?.reference } satisfies Arrived);

export const withoutArrivedToken = (context: Context): Context => context.deleteValue(ARRIVED);

/**
 * The token that states the run of this context: the issuer's own, or the one that the request came with. That one is
 * of its request alone: not of a run that was opened in it, nor of a message that was taken up in it.
 */
export const tokenIn = (context: Context): string | undefined => {
  const run = runIn(context);
  if (run?.ended) return undefined;
  if (run?.token !== undefined) return run.token.current();
  const arrived = context.getValue(ARRIVED) as Arrived | undefined;
  if (arrived === undefined || arrived.reference !== run?.reference) return undefined;
  return causeIn(context) === undefined ? arrived.token : undefined;
};
