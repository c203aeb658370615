import type { Carrier } from '../carrier.ts';

/** Lambda's limit, in base64. */
const MAX_LENGTH = 3583;

export type WithCarrier =
  | { readonly status: 'carried'; readonly clientContext: string }
  | { readonly status: 'no_room' }
  /** It is no JSON object in base64. */
  | { readonly status: 'unreadable' };

/**
 * The client context of a Lambda invocation with a carrier in its `custom`, beside what the caller has there, and in
 * place of one that came with a client context that is passed on. Without `traceparent` where only `tracestate` has
 * room.
 */
export const withClientContext = (given: string | undefined, carrier: Carrier): WithCarrier => {
  const context = given === undefined || given === '' ? {} : parsed(given);
  if (context === undefined || !isObject(context['custom'] ?? {})) return { status: 'unreadable' };
  const {
    traceparent: _traceparent,
    tracestate: _tracestate,
    ...custom
  } = (context['custom'] ?? {}) as Readonly<Record<string, unknown>>;
  const { traceparent, tracestate } = carrier;
  const carriers =
    tracestate === undefined ? [{ traceparent }] : [{ traceparent, tracestate }, { tracestate }];
  for (const fields of carriers) {
    const clientContext = encoded({ ...context, custom: { ...custom, ...fields } });
    if (clientContext.length <= MAX_LENGTH) return { status: 'carried', clientContext };
  }
  return { status: 'no_room' };
};

const encoded = (context: object): string => Buffer.from(JSON.stringify(context)).toString('base64');

const parsed = (text: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64').toString('utf8'));
    return isObject(value) ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
};

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
