/** Why an effect happened. An effect may have several causes. Carried on span links as `whence.cause`. */
export const CAUSE_KINDS = [
  'call',
  'message',
  'schedule',
  'retry',
  'spawn',
  'approval',
  'handoff',
  /** A span link whose author did not say which. */
  'link',
] as const;

export type CauseKind = (typeof CAUSE_KINDS)[number];

/** A typed edge between runs or spans: `cause` happened first and brought about `effect`. */
export interface Cause {
  readonly kind: CauseKind;
  readonly cause: SpanRef | RunRef;
  readonly effect: SpanRef | RunRef;
}

export interface SpanRef {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits. */
  readonly spanId: string;
}

export interface RunRef {
  /** UUIDv7. */
  readonly runId: string;
}

export const isCauseKind = (text: string): text is CauseKind =>
  (CAUSE_KINDS as readonly string[]).includes(text);
