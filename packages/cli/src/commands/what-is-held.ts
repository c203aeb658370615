import { isRunId } from '@whence/model';

/** What somebody may hold in hand, by the option that names it. */
export type Held =
  | { readonly span: string; readonly trace?: string }
  | { readonly trace: string }
  | { readonly run: string }
  | { readonly target: string }
  | { readonly object: string }
  | { readonly commit: string }
  | { readonly statement: string };

const SPAN = /^[0-9a-f]{16}$/i;
const TRACE = /^[0-9a-f]{32}$/i;
const COMMIT = /^[0-9a-f]{7,64}$/i;
/** W3C Trace Context, as it is found in logs and headers. */
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/i;
const URI = /^[a-z][a-z0-9+.-]*:\/\/\S+$/i;
const OBJECT = /^[a-z0-9.-]+(\/[a-z0-9.-]+){1,2}$/i;
/** SQL has words. */
const STATEMENT = /\S\s+\S/;

/**
 * What a text must be, by how it looks; undefined: it may be anything. 16 hex digits are a span and 32 a trace: a commit that is
 * cut to either has to be named as one.
 */
export const whatIsHeld = (given: string): Held | undefined => {
  const text = given.trim();
  const [, traceOf, spanOf] = TRACEPARENT.exec(text) ?? [];
  if (traceOf !== undefined && spanOf !== undefined) {
    return { span: spanOf.toLowerCase(), trace: traceOf.toLowerCase() };
  }
  if (SPAN.test(text)) return { span: text.toLowerCase() };
  if (TRACE.test(text)) return { trace: text.toLowerCase() };
  if (isRunId(text.toLowerCase())) return { run: text.toLowerCase() };
  if (URI.test(text)) return { target: text };
  if (COMMIT.test(text)) return { commit: text };
  if (OBJECT.test(text)) return { object: text };
  return STATEMENT.test(text) ? { statement: text } : undefined;
};
