import { type Context, createContextKey, trace } from '@opentelemetry/api';
import { parseReference, REFERENCE_KEY } from '@whence/model';

/** The run in which code executes, as this process knows it. */
export interface RunScope {
  readonly runId: string;
  /** What rides in `tracestate`. */
  readonly reference: string;
  /** Of its own reference: `verified` where it carries a MAC, which only the issuer and collectors can check. */
  readonly assurance: 'verified' | 'asserted';
  readonly job?: string;
  readonly rootRunId?: string;
  /** The span around the run when it began here: a remote one may say another run. */
  readonly openedUnder?: string;
  /** The issuer's statement of the run, for hosts that may have it. A bearer's: never recorded. */
  readonly txnToken?: string;
}

const RUN = createContextKey('whence run');

export const withRun = (context: Context, scope: RunScope): Context => context.setValue(RUN, scope);

export const withoutRun = (context: Context): Context => context.deleteValue(RUN);

/** A scope known by its reference alone; undefined where that is malformed. */
export const scopeOf = (reference: string): RunScope | undefined => {
  const known = scopes.get(reference);
  if (known !== undefined) return known;
  const parsed = parseReference(reference);
  if (parsed.status === 'malformed') return undefined;
  const scope: RunScope = {
    runId: parsed.reference.runId,
    reference,
    assurance: parsed.reference.proof === undefined ? 'asserted' : 'verified',
  };
  if (scopes.size >= SCOPES_MAX) scopes.clear();
  scopes.set(reference, scope);
  return scope;
};

/** A service sees the same few runs on every span, and parsing costs as much as the rest of the span. */
const scopes = new Map<string, RunScope>();
const SCOPES_MAX = 1024;

/**
 * The run of a context: the one opened in this process, unless a message or request from elsewhere has been taken up
 * inside it since; that one speaks for itself.
 */
export const runIn = (context: Context): RunScope | undefined => {
  const own = context.getValue(RUN) as RunScope | undefined;
  const parent = trace.getSpanContext(context);
  const member = parent?.traceState?.get(REFERENCE_KEY);
  if (own === undefined) return member === undefined ? undefined : scopeOf(member);
  if (member === undefined || member === own.reference) return own;
  const takenUp = parent?.isRemote === true && parent.spanId !== own.openedUnder;
  return takenUp ? (scopeOf(member) ?? own) : own;
};
