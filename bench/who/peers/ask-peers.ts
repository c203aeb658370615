import { lineOf, type Measured, measure } from '../ask/measure.ts';
import type { Sample, Samples } from '../ask/samples.ts';
import type { Engine } from '../stage/engine.ts';
import { EngineCounters } from '../stage/engine-counters.ts';
import { settled } from '../stage/merges.ts';
import type { Plan } from '../work/plan.ts';
import { shapeOf } from '../work/truth.ts';
import { EXPORTER } from './exporter.ts';
import { absenceOfJaeger, startJaeger } from './jaeger.ts';
import { JAEGER_SCHEMA } from './jaeger-schema.ts';
import { bytesOnDisk, createPeerDatabase } from './schema.ts';
import type { SchemaPeer } from './schema-peer.ts';

/** Scans of a whole table: few are enough. */
const SCANS = 15;

interface SchemaPeerFigures {
  readonly actions: number;
  readonly bytesPerAction: number;
  readonly traceById: Measured;
  readonly backLink: Measured;
}

interface JaegerFigures {
  readonly actions: number;
  readonly trace: Measured;
  readonly traceV3: Measured;
}

export interface PeerFigures {
  readonly exporter: SchemaPeerFigures;
  readonly jaegerSchema: SchemaPeerFigures;
  /** Null: it was not built. */
  readonly jaeger: JaegerFigures | null;
}

export const askPeers = async (parts: {
  readonly engine: Engine;
  readonly enginePid: number;
  readonly plan: Plan;
  readonly samples: Samples;
  readonly peersDirectory: string | undefined;
  readonly say: (line: string) => void;
}): Promise<PeerFigures> => {
  const { engine, enginePid, plan, samples, peersDirectory, say } = parts;
  const exporter = await askSchema(EXPORTER, parts);
  await engine.run(`DROP DATABASE ${EXPORTER.database}`);
  const jaegerSchema = await askSchema(JAEGER_SCHEMA, parts);

  const absence = absenceOfJaeger(peersDirectory);
  let jaeger: JaegerFigures | null = null;
  if (absence === undefined) {
    const { child, url } = await startJaeger(peersDirectory!, engine.url, JAEGER_SCHEMA.database);
    const observed = { counters: new EngineCounters(engine), pids: [enginePid, child.pid] };
    const ask = async (path: string): Promise<string> => {
      const response = await fetch(`${url}${path}`);
      const text = await response.text();
      if (!response.ok)
        throw new Error(`Jaeger answers ${path} with ${response.status}: ${text.slice(0, 300)}`);
      return text;
    };
    const trace = await measure(observed, samples.any, async (sample) => {
      const found = JSON.parse(await ask(`/api/traces/${sample.ids.trace}`)) as {
        readonly data: readonly { readonly spans: readonly unknown[] }[];
      };
      assertSpans('Jaeger', found.data[0]?.spans.length ?? 0, plan, sample);
    });
    const traceV3 = await measure(observed, samples.any, async (sample) => {
      JSON.parse(await ask(`/api/v3/traces/${sample.ids.trace}`));
    });
    jaeger = { actions: plan.actions, trace, traceV3 };
    say(`${'jaeger: /api/traces/{id}'.padEnd(30)} ${lineOf(trace)}`);
    say(`${'jaeger: /api/v3/traces/{id}'.padEnd(30)} ${lineOf(traceV3)}`);
    await child.stop();
  } else say(`jaeger: null, ${absence}`);
  await engine.run(`DROP DATABASE ${JAEGER_SCHEMA.database}`);
  return { exporter, jaegerSchema, jaeger };
};

const askSchema = async (
  peer: SchemaPeer,
  { engine, enginePid, plan, samples, say }: Parameters<typeof askPeers>[0],
): Promise<SchemaPeerFigures> => {
  const own = await createPeerDatabase(engine, peer.database, peer.tables);
  const startedAt = performance.now();
  await peer.fill(own, plan, () => {});
  await settled(own);
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const bytes = Object.values(await bytesOnDisk(own)).reduce((sum, size) => sum + size, 0);
  const observed = { counters: new EngineCounters(engine), pids: [enginePid] };
  const traceById = await measure(observed, samples.any, async (sample) => {
    const rows = await own.rows(peer.traceById(sample.ids.trace));
    assertSpans(peer.name, rows.length, plan, sample);
  });
  const backLink = await measure(observed, samples.causes.slice(0, SCANS), async ({ ids }) => {
    const rows = await own.rows(peer.linkedFrom(ids));
    if (rows.length === 0) throw new Error(`${peer.name} knows nothing that links to span ${ids.span}`);
  });
  const bytesPerAction = Math.round((10 * bytes) / plan.actions) / 10;
  say(`${`${peer.name}: trace by id`.padEnd(30)} ${lineOf(traceById)}`);
  say(`${`${peer.name}: back-link`.padEnd(30)} ${lineOf(backLink)}`);
  say(
    `${`${peer.name}: on disk`.padEnd(30)} ${bytesPerAction} bytes an action, loaded and at rest after ${seconds} s`,
  );
  return { actions: plan.actions, bytesPerAction, traceById, backLink };
};

const assertSpans = (who: string, found: number, plan: Plan, { truth, ids }: Sample): void => {
  const { trace } = shapeOf(plan, truth.place.execution).spans;
  const own = trace[truth.place.span];
  const spans = trace.reduce((count, each) => count + Number(each === own), 0);
  if (found !== spans) throw new Error(`${who} finds ${found} spans of trace ${ids.trace}, not ${spans}`);
};
