import type { CauseKind, Trigger } from '@whence/model';

/** How a span came to its run, as the collector found it. */
export const STAMPS = [
  /** It carries no reference. */
  'none',
  'verified',
  /** Verified, but its run's record was not here yet: the row names the run and nobody else. */
  'early',
  /** A reference without a MAC, in a run that the process itself declared. */
  'asserted',
  'refuted',
] as const;

export type Stamp = (typeof STAMPS)[number];

/** What one execution of a job looks like. A job is executed many times: each time with ids of its own. */
export interface Shape {
  readonly job: string;
  /** How often, beside other shapes. */
  readonly weight: number;
  readonly runs: readonly ShapeRun[];
  readonly spans: ShapeSpans;
  readonly traces: number;
}

export interface ShapeRun {
  /** Index; absent: a root. */
  readonly parent?: number;
  /** Ancestors, the root first. */
  readonly path: readonly number[];
  readonly job: string;
  readonly attempt: number;
  readonly trigger: Trigger;
  /** Which of the principals that take part: 0 is the one that the execution begins with. */
  readonly part: number;
  readonly failed: boolean;
  readonly startMicros: number;
  /** Index of the span that opens it. */
  readonly opening: number;
}

export interface ShapeLink {
  readonly to: number;
  readonly kind: CauseKind;
}

/** Column by column, since some shapes have a million. An index of -1: none. */
export interface ShapeSpans {
  readonly trace: number[];
  readonly run: number[];
  readonly parent: number[];
  /** Index of the kind of span. */
  readonly kind: number[];
  readonly startMicros: number[];
  readonly durationMicros: number[];
  readonly stamp: Stamp[];
  readonly failed: boolean[];
  /** Only of the spans that have any. */
  readonly links: Map<number, readonly ShapeLink[]>;
}

export interface NewSpan {
  readonly trace: number;
  /** Absent: none. */
  readonly run?: number;
  readonly parent?: number;
  readonly kind: number;
  readonly at: number;
  readonly took: number;
  readonly stamp?: Stamp;
  readonly failed?: boolean;
  readonly links?: readonly ShapeLink[];
}

export interface NewRun {
  readonly parent?: number;
  readonly job: string;
  readonly trigger: Trigger;
  readonly attempt?: number;
  readonly part?: number;
  readonly failed?: boolean;
}

/** Puts a shape together. */
export class ShapeBuilder {
  private readonly runs: ShapeRun[] = [];
  private traces = 0;
  private readonly spans: ShapeSpans = {
    trace: [],
    run: [],
    parent: [],
    kind: [],
    startMicros: [],
    durationMicros: [],
    stamp: [],
    failed: [],
    links: new Map(),
  };

  get size(): number {
    return this.spans.trace.length;
  }

  trace(): number {
    return this.traces++;
  }

  span(span: NewSpan): number {
    const { spans } = this;
    const index = spans.trace.length;
    spans.trace.push(span.trace);
    spans.run.push(span.run ?? -1);
    spans.parent.push(span.parent ?? -1);
    spans.kind.push(span.kind);
    spans.startMicros.push(span.at);
    spans.durationMicros.push(span.took);
    spans.stamp.push(span.stamp ?? (span.run === undefined ? 'none' : 'verified'));
    spans.failed.push(span.failed ?? false);
    if (span.links !== undefined && span.links.length > 0) spans.links.set(index, span.links);
    return index;
  }

  /** A run and the span that opens it. */
  run(run: NewRun, opening: Omit<NewSpan, 'run'>): { readonly run: number; readonly span: number } {
    const index = this.runs.length;
    const parent = run.parent === undefined ? undefined : this.runs[run.parent]!;
    const span = this.span({ ...opening, run: index });
    this.runs.push({
      ...(run.parent === undefined ? {} : { parent: run.parent }),
      path: parent === undefined ? [] : [...parent.path, run.parent!],
      job: run.job,
      attempt: run.attempt ?? 1,
      trigger: run.trigger,
      part: run.part ?? parent?.part ?? 0,
      failed: run.failed ?? false,
      startMicros: Math.max(0, opening.at - 500),
      opening: span,
    });
    return { run: index, span };
  }

  partOf(run: number): number {
    return this.runs[run]!.part;
  }

  build(job: string, weight: number): Shape {
    return { job, weight, runs: this.runs, spans: this.spans, traces: this.traces };
  }
}
