import { type Context, createContextKey, type TraceState, trace } from '@opentelemetry/api';
import { formatReference, parseReference, REFERENCE_KEY } from '@whence/model';
import type { RunToken } from './run-token.ts';

/** The run in which code executes, as this process knows it. */
export interface RunScope {
  readonly runId: string;
  /** What rides in `tracestate`. */
  readonly reference: string;
  /** Of its own reference: `verified` where it carries a MAC, which only the issuer and collectors can check. */
  readonly assurance: 'verified' | 'asserted';
  readonly job?: string;
  readonly rootRunId?: string;
  /** What allows it, as far as this process knows. */
  readonly authorityId?: string;
  /** The span around the run when it began here: a remote one may say another run. */
  readonly openedUnder?: string;
  /** For hosts that may have it. */
  readonly token?: RunToken;
  /** A run that was opened here and has ended: what still happens in its context is no longer its doing. */
  ended?: boolean;
  /** The `tracestate` last seen to carry the reference: children share their parent's. */
  carriedBy?: TraceState;
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
  if (own !== undefined && (parent?.isRemote !== true || parent.spanId === own.openedUnder)) return own;
  const member = parent?.traceState?.get(REFERENCE_KEY);
  if (member === undefined || member === own?.reference) return own;
  return scopeOf(member) ?? own;
};

/** What a run that has ended is named by: anybody may claim it, and nobody can prove it. */
export const unproven = ({ runId }: RunScope): string => formatReference({ runId });
