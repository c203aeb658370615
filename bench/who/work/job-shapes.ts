import type { CauseKind } from '@whence/model';
import type { Random } from './random.ts';
import { type NewSpan, type Shape, ShapeBuilder, type ShapeLink, type Stamp } from './shape.ts';
import type { Repertoire, Work } from './span-kinds.ts';

const OPEN_AT_ONCE = 12;
const REFUTED_SHARE = 0.001;
const UNPASSED_SHARE = 0.03;

/** One execution while it is drawn up. */
class Drawing {
  readonly builder = new ShapeBuilder();
  readonly random: Random;
  private readonly work: Work;
  private readonly stamp: Stamp | undefined;

  /** @param stamp of every span with a run; absent: mostly verified */
  constructor(work: Work, random: Random, stamp?: Stamp) {
    this.work = work;
    this.random = random;
    this.stamp = stamp;
  }

  /** Any service but the witness. */
  service(): Repertoire {
    return this.work.repertoires[this.random.between(1, this.work.repertoires.length - 1)]!;
  }

  stampOf(run: number | undefined): Stamp {
    if (run === undefined) return 'none';
    return this.stamp ?? 'verified';
  }

  /** About `count` spans below a span of its trace: calls that fan out over services, ending in queries. */
  below(top: Under, count: number): void {
    const { builder, random } = this;
    const open = [{ ...top, depth: 0 }];
    const deepest = random.logBetween(2, 24);
    const first = builder.size;
    let now = top.at;
    while (builder.size - first < count) {
      const above = random.chance(0.6) ? open[open.length - 1]! : random.pick(open);
      now += random.between(50, 4_000);
      const span = { ...this.spanUnder(above, above.run), at: now, failed: random.chance(0.01) };
      const share = random.next();
      if (share < 0.4) this.query(above.service, span);
      else if (share < 0.55) {
        builder.span({
          ...span,
          kind: random.pick(above.service.compute),
          took: random.logBetween(50, 9_000),
        });
      } else {
        const served = this.call(above, span);
        if (above.depth < deepest) open.push({ ...served, depth: above.depth + 1 });
        if (open.length > OPEN_AT_ONCE) open.splice(random.between(1, open.length - 2), 1);
      }
    }
  }

  /** A query, and what the witness saw of it where there is one. */
  private query(service: Repertoire, span: Omit<NewSpan, 'kind' | 'took'>): void {
    const { builder, random } = this;
    const which = random.between(0, service.query.length - 1);
    const forged = span.run !== undefined && random.chance(REFUTED_SHARE);
    const query = builder.span({
      ...span,
      ...(forged ? { stamp: 'refuted' } : {}),
      kind: service.query[which]!,
      took: random.logBetween(200, 40_000),
    });
    const seen = service.witnessed[which];
    if (seen !== undefined && !forged) {
      builder.span({ ...span, parent: query, kind: seen, at: span.at + 40, took: 150 });
    }
  }

  /** A call, and how it is served elsewhere: now and then by a service that does not pass the reference on. */
  private call(above: Under, span: Omit<NewSpan, 'kind' | 'took'>): Under {
    const { builder, random } = this;
    const took = random.logBetween(2_000, 900_000);
    const call = builder.span({ ...span, kind: random.pick(above.service.call), took });
    const service = this.service();
    const run = random.chance(UNPASSED_SHARE) ? undefined : above.run;
    const under = this.spanUnder({ ...above, span: call }, run);
    const at = span.at + 300;
    const served = builder.span({ ...under, kind: random.pick(service.serve), at, took: took - 600 });
    return { trace: above.trace, span: served, run, service, at };
  }

  private spanUnder({ trace, span }: Under, run: number | undefined) {
    return { trace, parent: span, stamp: this.stampOf(run), ...(run === undefined ? {} : { run }) };
  }

  /** A trace of its own in the same run: a message is handled. */
  handle(run: number | undefined, causes: readonly ShapeLink[], at: number, count: number): void {
    const trace = this.builder.trace();
    const service = this.service();
    const span = this.builder.span({
      trace,
      ...(run === undefined ? {} : { run }),
      stamp: this.stampOf(run),
      kind: this.random.pick(service.receive),
      at,
      took: this.random.logBetween(3_000, 2_000_000),
      links: causes,
    });
    this.below({ trace, span, at, service, run }, count);
  }

  send(under: Under, at: number): number {
    return this.builder.span({
      trace: under.trace,
      ...(under.run === undefined ? {} : { run: under.run }),
      stamp: this.stampOf(under.run),
      parent: under.span,
      kind: this.random.pick(under.service.send),
      at,
      took: this.random.between(300, 3_000),
    });
  }

  /** A run with a trace of its own. */
  run(
    run: Parameters<ShapeBuilder['run']>[0],
    at: number,
    links: readonly ShapeLink[] = [],
  ): Under & { readonly run: number } {
    const trace = this.builder.trace();
    const service = this.service();
    const took = this.random.logBetween(50_000, 60_000_000);
    const stamp = this.stampOf(0);
    const opened = this.builder.run(run, { trace, kind: service.open, at, took, links, stamp });
    return { trace, service, at: at + 1_000, ...opened };
  }
}

interface Under {
  readonly trace: number;
  readonly span: number;
  readonly run: number | undefined;
  readonly service: Repertoire;
  /** Microseconds after the beginning. */
  readonly at: number;
}

const linkTo = (to: number, kind: CauseKind): ShapeLink => ({ to, kind });

/** A job of some kind, drawn up once. */
export type JobOfWork = (drawing: Drawing) => void;

const cronTick: JobOfWork = (drawing) => {
  const top = drawing.run({ job: 'tick', trigger: 'schedule' }, 0);
  drawing.below(top, drawing.random.logBetween(3, 40));
};

const pipeline: JobOfWork = (drawing) => {
  const { random } = drawing;
  const top = drawing.run({ job: 'pipeline', trigger: 'webhook' }, 0);
  drawing.below(top, random.between(2, 8));
  const jobs = random.logBetween(3, 14);
  let at = 2_000_000;
  for (let i = 0; i < jobs; i++) {
    const started = drawing.send(top, at);
    const base = { parent: top.run, job: `job-${i}`, trigger: 'parent' as const };
    const failed = random.chance(0.08);
    const job = drawing.run({ ...base, failed }, at + 900, [linkTo(started, 'spawn')]);
    drawing.below(job, random.logBetween(4, 40));
    if (failed) {
      const again = drawing.run({ ...base, attempt: 2 }, at + 9_000_000, [linkTo(job.span, 'retry')]);
      drawing.below(again, random.logBetween(4, 40));
    }
    at += random.logBetween(100_000, 20_000_000);
  }
};

const queueFanOut: JobOfWork = (drawing) => {
  const { random } = drawing;
  const top = drawing.run({ job: 'fan-out', trigger: 'schedule' }, 0);
  const messages = random.logBetween(8, 400);
  const sent: number[] = [];
  for (let i = 0; i < messages; i++) {
    const at = 5_000 + i * 700;
    const message = drawing.send(top, at);
    sent.push(message);
    drawing.handle(top.run, [linkTo(message, 'message')], at + random.logBetween(1_000, 60_000_000), 9);
    if (random.chance(0.03)) {
      drawing.handle(top.run, [linkTo(message, 'message'), linkTo(message, 'retry')], at + 90_000_000, 5);
    }
  }
  // A fan-in: one consumer for a batch.
  const batch = sent.slice(0, 12).map((message) => linkTo(message, 'message'));
  drawing.handle(top.run, batch, 120_000_000, 12);
};

const agentSession: JobOfWork = (drawing) => {
  const { random } = drawing;
  let session = drawing.run({ job: 'session', trigger: 'manual' }, 0);
  let at = 1_000;
  const agents = random.between(1, 4);
  for (let agent = 0; agent < agents; agent++) {
    let under: Under = session;
    for (let call = random.logBetween(3, 30); call > 0; call--) {
      at += random.logBetween(10_000, 5_000_000);
      const tool = drawing.builder.span({
        trace: session.trace,
        run: session.run,
        stamp: drawing.stampOf(0),
        parent: under.span,
        kind: random.pick(session.service.tool),
        at,
        took: random.logBetween(10_000, 3_000_000),
      });
      const inTool = { ...session, span: tool, at };
      drawing.below(inTool, random.between(1, 6));
      // A tool that calls a tool: chains get deep.
      under = random.chance(0.5) ? inTool : session;
    }
    if (agent + 1 < agents) {
      const handed = drawing.send({ ...session, at }, at);
      session = drawing.run(
        { parent: session.run, job: 'session', trigger: 'handoff', part: agent + 1 },
        at + 2_000,
        [linkTo(handed, 'handoff')],
      );
    }
  }
};

const chainOfRuns: JobOfWork = (drawing) => {
  const { random } = drawing;
  let at = 0;
  let above = drawing.run({ job: 'stage-0', trigger: 'schedule' }, 0);
  drawing.below(above, random.between(4, 15));
  for (let stage = random.between(3, 12); stage > 0; stage--) {
    at += random.logBetween(100_000, 30_000_000);
    // Every third is joined by the runs' records alone.
    const links = stage % 3 === 0 ? [] : [linkTo(drawing.send(above, at), 'spawn')];
    above = drawing.run({ parent: above.run, job: `stage-${stage}`, trigger: 'parent' }, at + 700, links);
    drawing.below(above, random.between(4, 15));
  }
};

/** What no run stands behind. */
const request: JobOfWork = (drawing) => {
  const trace = drawing.builder.trace();
  const service = drawing.service();
  const span = drawing.builder.span({ trace, kind: service.serve[0]!, at: 0, took: 40_000 });
  drawing.below({ trace, span, run: undefined, service, at: 100 }, drawing.random.logBetween(3, 40));
};

const greatTrace =
  (spans: number): JobOfWork =>
  (drawing) => {
    const top = drawing.run({ job: 'batch', trigger: 'schedule' }, 0);
    drawing.below(top, spans);
  };

const ORDINARY: readonly { readonly draw: JobOfWork; readonly variants: number; readonly share: number }[] = [
  { draw: cronTick, variants: 120, share: 45 },
  { draw: request, variants: 60, share: 28 },
  { draw: pipeline, variants: 60, share: 9 },
  { draw: queueFanOut, variants: 50, share: 4 },
  { draw: agentSession, variants: 60, share: 8 },
  { draw: chainOfRuns, variants: 40, share: 5 },
  { draw: greatTrace(1_500), variants: 6, share: 0.04 },
  { draw: greatTrace(10_000), variants: 2, share: 0.003 },
];

/** Of the executions: those whose record is late, that prove nothing, and that are refuted. */
const stampOf = (random: Random): Stamp | undefined => {
  const share = random.next();
  if (share < 0.02) return 'early';
  if (share < 0.07) return 'asserted';
  return undefined;
};

export const ordinaryShapes = (work: Work, random: Random): readonly Shape[] =>
  ORDINARY.flatMap(({ draw, variants, share }) =>
    Array.from({ length: variants }, () => {
      const drawing = new Drawing(work, random, stampOf(random));
      draw(drawing);
      return drawing.builder.build(draw.name || 'batch', share / variants);
    }),
  );

/** A run of 100,000 actions: 1,000 runs below it, each of ten traces. */
export const greatRun = (work: Work, random: Random): Shape => {
  const drawing = new Drawing(work, random);
  const top = drawing.run({ job: 'backfill', trigger: 'manual' }, 0);
  for (let i = 0; i < 1_000; i++) {
    const at = 1_000 + i * 3_000_000;
    const started = drawing.send(top, at);
    const run = drawing.run({ parent: top.run, job: 'shard', trigger: 'parent' }, at + 900, [
      linkTo(started, 'spawn'),
    ]);
    for (let message = 0; message < 9; message++) {
      const sent = drawing.send(run, at + 1_000 + message * 200);
      drawing.handle(run.run, [linkTo(sent, 'message')], at + 5_000 + message * 9_000, 9);
    }
  }
  return drawing.builder.build('greatRun', 0);
};

/** One trace of a million spans. */
export const millionSpanTrace = (work: Work, random: Random): Shape => {
  const drawing = new Drawing(work, random);
  const top = drawing.run({ job: 'import', trigger: 'manual' }, 0);
  for (let part = 0; part < 1_000; part++) {
    const at = 1_000 + part * 2_000_000;
    const span = drawing.send(top, at);
    drawing.below({ ...top, span, at }, 999);
  }
  return drawing.builder.build('millionSpanTrace', 0);
};
