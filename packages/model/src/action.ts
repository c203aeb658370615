import type { Assurance } from './assurance.ts';
import type { Authority } from './authority.ts';
import type { SpanRef } from './cause.ts';
import type { PrincipalKind } from './principal.ts';
import type { Witness } from './witness.ts';

export const SPAN_KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;

export type SpanKind = (typeof SPAN_KINDS)[number];

export const ACTION_STATUSES = ['unset', 'ok', 'error'] as const;

export type ActionStatus = (typeof ACTION_STATUSES)[number];

/** One command or call: one OpenTelemetry span. A field that is absent is not known. */
export interface Action {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits. */
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly service?: string;
  readonly name: string;
  readonly kind: SpanKind;
  /** What was acted on, by its OpenTelemetry name: `postgresql`, `http`, `grpc`, `pg-boss`, `process`. */
  readonly system?: string;
  /** The verb: `UPDATE`, `POST`, `send`. */
  readonly operation?: string;
  /** A resource URI: `postgresql://db:5432/bank/accounts`. */
  readonly target?: string;
  /** The command itself: SQL text, request line, command line. */
  readonly statement?: string;
  /** RFC 3339, nanoseconds, UTC. */
  readonly startTime: string;
  readonly durationNanos: number;
  readonly status: ActionStatus;
  readonly statusMessage?: string;
  readonly principal?: { readonly id: string; readonly kind: PrincipalKind };
  readonly runId?: string;
  readonly rootRunId?: string;
  readonly authority?: Authority;
  readonly assurance: Assurance;
  /** Only where the assurance is `inherited`. */
  readonly inheritedFrom?: InheritedFrom;
  readonly witness: Witness;
  /** The workload that performed it, as authenticated by the collector or gateway that received it. */
  readonly actor?: string;
}

/** The verified action that an action without a reference of its own was brought about by. */
export interface InheritedFrom extends SpanRef {
  /** By parent spans alone, or over at least one span link. */
  readonly via: InheritanceWay;
  /** Steps up to it, from 1. */
  readonly hops: number;
}

export const INHERITANCE_WAYS = ['parent', 'link'] as const;

export type InheritanceWay = (typeof INHERITANCE_WAYS)[number];
