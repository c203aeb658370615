import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EmbeddedClickHouse, startEmbedded } from '@whence/clickhouse-embedded';
import { openStore } from '@whence/store';
import { bytesOnDisk } from './peers/schema.ts';
import { CATALOGUE, writeCatalogue } from './rows/catalogue.ts';
import { fillWhence } from './rows/fill.ts';
import { Engine } from './stage/engine.ts';
import { settled } from './stage/merges.ts';
import { type Plan, type PlanOptions, planOf } from './work/plan.ts';

/** The embedded store with everything of a plan in it. */
export interface FilledStore {
  readonly server: EmbeddedClickHouse;
  readonly engine: Engine;
  readonly plan: Plan;
  readonly loaded: Loaded;
}

export interface Loaded {
  readonly options: PlanOptions;
  /** Of the store's definitions: where they have changed, it is filled anew. */
  readonly schema: string;
  /** From the first insert to the last. */
  readonly seconds: number;
  /** Until the engine had no more to merge by itself. */
  readonly settledAfterSeconds: number;
}

const DATABASE = 'whence';
const DAY_MILLIS = 86_400_000;

/** Fills a new store in `directory`, or takes the one that is there, made with the same options. */
export const filledStore = async (
  directory: string,
  wanted: Omit<PlanOptions, 'untilMillis'>,
  say: (line: string) => void,
): Promise<FilledStore> => {
  const note = join(directory, 'loaded.json');
  const schema = schemaHash();
  const noted = existsSync(note) ? (JSON.parse(readFileSync(note, 'utf8')) as Loaded) : undefined;
  const before = noted?.schema === schema ? noted : undefined;
  const options: PlanOptions = before?.options ?? {
    ...wanted,
    untilMillis: Math.floor(Date.now() / DAY_MILLIS) * DAY_MILLIS,
  };
  if (before === undefined) rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const plan = planOf(options);
  const server = await startEmbedded({ dataDir: join(directory, 'store') });
  const engine = new Engine(server.url, DATABASE);
  if (before !== undefined) {
    say(`the store in ${directory}, loaded before`);
    return { server, engine, plan, loaded: before };
  }

  const store = await openStore({ url: server.url, database: DATABASE });
  await store.close();
  await writeCatalogue(engine, plan);
  const startedAt = performance.now();
  const seconds = (): number => Math.round((performance.now() - startedAt) / 1000);
  let rows = 0;
  let said = 0;
  await fillWhence(engine, plan, (more) => {
    rows += more;
    if (rows - said >= plan.actions / 10 && rows < plan.actions) {
      said = rows;
      say(`  ${rows} of ${plan.actions} actions after ${seconds()} s`);
    }
  });
  const loadedAfter = seconds();
  const atRest = await settled(engine);
  const loaded = { options, schema, seconds: loadedAfter, settledAfterSeconds: seconds() };
  if (!atRest) say('  the engine was still merging when it was asked');
  writeFileSync(note, JSON.stringify(loaded));
  return { server, engine, plan, loaded };
};

const schemaHash = (): string => {
  const folder = new URL('../../packages/store/schema/', import.meta.url);
  const hash = createHash('sha256');
  for (const file of readdirSync(folder).sort()) hash.update(readFileSync(new URL(file, folder)));
  return hash.digest('hex').slice(0, 16);
};

/** For whoever fills further tables. */
export const withCatalogue = async <Result>(
  engine: Engine,
  plan: Plan,
  task: () => Promise<Result>,
): Promise<Result> => {
  await writeCatalogue(engine, plan);
  try {
    return await task();
  } finally {
    await engine.run(`DROP DATABASE IF EXISTS ${CATALOGUE}`);
  }
};

/** What the store takes on disk. */
export const sizeOf = async ({ engine, plan }: FilledStore) => {
  const tables = await bytesOnDisk(engine);
  const perAction = (bytes: number): number => Math.round((100 * bytes) / plan.actions) / 100;
  const [parts] = await engine.rows<{ readonly parts: number }>(
    `SELECT toUInt32(count()) AS parts FROM system.parts WHERE active AND database = '${DATABASE}' AND table = 'otel_traces'`,
  );
  return {
    bytesPerAction: perAction(Object.values(tables).reduce((sum, bytes) => sum + bytes, 0)),
    bytesPerActionByTable: Object.fromEntries(
      Object.entries(tables).map(([table, bytes]) => [table, perAction(bytes)]),
    ),
    parts: parts?.parts ?? 0,
  };
};
