import type { Store } from '../open.ts';
import { storeErrorOf } from '../open.ts';
import { type Parameters, select } from '../readers/statements/select.ts';
import { StoreError } from '../store-error.ts';
import type { Arrivals, ArrivalTable, ArrivedPart } from './arrivals.ts';
import { type BlockRange, blocksOfPart, grown, isCovered, joined } from './covered-blocks.ts';
import { OF_SLICE, sliceParameters } from './trace-selection.ts';

/** Parts whose rows are counted at a time: their names travel in the request line. */
const PARTS_COUNTED = 100;
/** At what there is, while it is merged. */
const LOOKS = 5;
/** How often in a row a table must be seen to have lost blocks before they are taken to be gone. */
const SEEN_GONE = 30;

/** Of all tenants: for the service itself, never for anyone who asks. */
export const storedArrivals = (store: Store): Arrivals => {
  const selection = { store, tenant: '' };
  const goneSince = new Map<string, number>();

  /** The table as it is now, and which blocks of it were looked at. */
  const progressOf = async (name: ArrivalTable): Promise<Progress> => {
    const rows = await select<ProgressRow>(
      selection,
      `SELECT toString(made.uuid) AS Id, made.engine AS Engine, PartitionId, Min, Max
       FROM (SELECT uuid, engine FROM system.tables WHERE database = currentDatabase() AND name = {name:String}) AS made
       LEFT JOIN (
         SELECT TableId, PartitionId, toString(MinBlock) AS Min, toString(argMax(MaxBlock, RecordedAt)) AS Max
         FROM attribution_progress WHERE TableName = {name:String} GROUP BY TableId, PartitionId, MinBlock
       ) AS progress ON progress.TableId = made.uuid`,
      { name },
    );
    const byPartition = Map.groupBy(
      rows.filter(({ Min }) => Boolean(Min)),
      ({ PartitionId }) => PartitionId,
    );
    return {
      table: {
        name,
        id: rows[0]?.Id ?? NO_ID,
        numbersBlocksByPartition: /^(Replicated|Shared)/.test(rows[0]?.Engine ?? ''),
      },
      covered: new Map(
        [...byPartition].map(([partition, ranges]) => [
          partition,
          joined(ranges.map(({ Min, Max }) => ({ min: Number(Min), max: Number(Max) }))),
        ]),
      ),
    };
  };

  /** One row of each part is enough to know that it is there. */
  const partsOf = async (name: ArrivalTable): Promise<readonly StoredPart[]> => {
    const rows = await select<{ Partition: string; Part: string }>(
      selection,
      `SELECT DISTINCT _partition_id AS Partition, _part AS Part FROM ${name} WHERE _part_offset < 1`,
    );
    return rows.map(({ Partition, Part }) => ({ partition: Partition, name: Part, blocks: blocksIn(Part) }));
  };

  const record = async (
    { name, id }: StoredTable,
    ranges: readonly (BlockRange & { readonly partition: string })[],
  ): Promise<void> => {
    if (ranges.length === 0) return;
    await insert(
      store,
      'attribution_progress',
      ranges.map(({ partition, min, max }) => ({
        TableName: name,
        TableId: id,
        PartitionId: partition,
        MinBlock: min,
        MaxBlock: max,
      })),
    );
  };

  /**
   * Blocks beyond the last that a partition holds: rows were dropped, and a store that starts again may give their
   * numbers to others. Parts are read after what is covered, so that the newest are never taken for lost.
   */
  const withoutGone = async (
    table: StoredTable,
    covered: ReadonlyMap<string, readonly BlockRange[]>,
    parts: readonly StoredPart[],
  ): Promise<ReadonlyMap<string, readonly BlockRange[]>> => {
    const last = new Map<string, number>();
    for (const { partition, blocks } of parts)
      last.set(partition, Math.max(last.get(partition) ?? 0, blocks.max));
    const gone: (BlockRange & { partition: string })[] = [];
    const held = new Map(covered);
    for (const [partition, ranges] of covered) {
      const key = `${table.name} ${table.id} ${partition}`;
      const isBeyond = (ranges.at(-1)?.max ?? 0) > (last.get(partition) ?? 0);
      const times = isBeyond ? (goneSince.get(key) ?? 0) + 1 : 0;
      if (times === 0) goneSince.delete(key);
      else goneSince.set(key, times);
      if (times < SEEN_GONE) continue;
      goneSince.delete(key);
      held.delete(partition);
      gone.push(...ranges.map(({ min }) => ({ partition, min, max: min - 1 })));
    }
    await record(table, gone);
    return held;
  };

  const counted = async <Table extends ArrivalTable>(
    name: Table,
    parts: readonly StoredPart[],
  ): Promise<readonly ArrivedPart<Table>[]> => {
    if (parts.length === 0) return [];
    const rows = await select<{ Part: string; Rows: number }>(
      selection,
      `SELECT _part AS Part, toUInt32(count()) AS Rows FROM ${name} WHERE _part IN {parts:Array(String)} GROUP BY Part`,
      { parts: parts.map((part) => part.name) },
    );
    const rowsOf = new Map(rows.map(({ Part, Rows }) => [Part, Rows]));
    return parts.flatMap(({ partition, name: part }) => {
      const held = rowsOf.get(part);
      return held === undefined ? [] : [{ table: name, partition, name: part, rows: held }];
    });
  };

  return {
    unseen: async (name) => {
      for (let look = 1; ; look++) {
        const { table, covered } = await progressOf(name);
        const parts = await partsOf(name);
        const held = await withoutGone(table, covered, parts);
        const unseen = parts
          .filter(({ partition, blocks }) => !isCovered(held.get(partition) ?? [], blocks))
          .sort((a, b) => compare(b.partition, a.partition) || b.blocks.max - a.blocks.max);
        const found = await counted(name, unseen.slice(0, PARTS_COUNTED));
        // Where all were merged meanwhile, their rows lie in others.
        if (found.length > 0 || unseen.length === 0 || look === LOOKS) return found;
      }
    },

    arrivedIn: async (slice) => {
      const parameters = sliceParameters(slice);
      const tenants = `groupUniqArray(toString(TenantId)) AS Tenants`;
      if (slice.table === 'runs') {
        const [rows] = await select<{ Tenants: readonly string[] }>(
          selection,
          `SELECT ${tenants} FROM runs WHERE ${OF_SLICE}`,
          parameters,
        );
        return { tenants: rows?.Tenants ?? [] };
      }
      const [rows] = await select<ArrivedRow>(
        selection,
        `SELECT ${tenants}, toString(countIf(Assurance = 'none')) AS Unstamped
         FROM otel_traces WHERE ${OF_SLICE}`,
        parameters,
      );
      if (rows === undefined || rows.Tenants.length === 0) return { tenants: [] };
      // Watched before it is read: what arrives in between is then looked at once more, instead of never.
      if (rows.Unstamped !== '0') {
        await command(
          store,
          `INSERT INTO attribution_watches (TenantId, Watched, TraceId, Since)
           SELECT DISTINCT TenantId, TraceId, TraceId, now() FROM otel_traces
           WHERE ${OF_SLICE} AND Assurance = 'none' AND TraceId != ''`,
          parameters,
        );
      }
      return { tenants: rows.Tenants };
    },

    watch: async (tenant, watches) => {
      if (watches.length === 0) return;
      await insert(
        store,
        'attribution_watches',
        watches.map(({ traceId, watched }) => ({
          TenantId: tenant,
          Watched: watched,
          TraceId: traceId,
          Since: Math.floor(Date.now() / 1000),
        })),
      );
    },

    seen: async (parts) => {
      for (const [name, ofTable] of Map.groupBy(parts, (part) => part.table)) {
        const { table, covered } = await progressOf(name);
        const there = await partsOf(name);
        const seen = new Set(ofTable.map((part) => part.name));
        const byPartition = Map.groupBy(there, ({ partition }) => partition);
        const ranges = [...byPartition].flatMap(([partition, all]) =>
          grown(covered.get(partition) ?? [], rangesOf(all, seen, table.numbersBlocksByPartition)).map(
            (range) => ({ partition, ...range }),
          ),
        );
        await record(table, ranges);
      }
    },

    now: async () => {
      const [row] = await select<{ Micros: string }>(
        selection,
        'SELECT toString(toUnixTimestamp64Micro(now64(6))) AS Micros',
      );
      return BigInt(row?.Micros ?? '0');
    },
  };
};

interface ArrivedRow {
  readonly Tenants: readonly string[];
  readonly Unstamped: string;
}

interface StoredTable {
  readonly name: ArrivalTable;
  readonly id: string;
  /** Otherwise by table, each number when its part is there: what is missing before a part will never come. */
  readonly numbersBlocksByPartition: boolean;
}

interface Progress {
  readonly table: StoredTable;
  /** By partition. */
  readonly covered: ReadonlyMap<string, readonly BlockRange[]>;
}

interface ProgressRow {
  readonly Id: string;
  readonly Engine: string;
  readonly PartitionId: string;
  /** Empty: nothing of the table was looked at. */
  readonly Min: string;
  readonly Max: string;
}

interface StoredPart {
  readonly partition: string;
  readonly name: string;
  readonly blocks: BlockRange;
}

/** Of a database that gives its tables no ids. */
const NO_ID = '00000000-0000-0000-0000-000000000000';

/** The blocks of these parts of one partition, and the gaps before them where nothing can come any more. */
const rangesOf = (
  all: readonly StoredPart[],
  seen: ReadonlySet<string>,
  gapsStayOpen: boolean,
): readonly BlockRange[] => {
  const ordered = [...all].sort((a, b) => a.blocks.min - b.blocks.min);
  return ordered.flatMap(({ name, blocks }, index) => {
    if (!seen.has(name)) return [];
    const before = ordered[index - 1]?.blocks.max;
    return [gapsStayOpen || before === undefined ? blocks : { min: before + 1, max: blocks.max }];
  });
};

const blocksIn = (part: string): BlockRange => {
  const blocks = blocksOfPart(part);
  if (blocks !== undefined) return blocks;
  throw new StoreError(
    'store_refused',
    `ClickHouse calls a part ${part}: which blocks it holds cannot be told`,
  );
};

const insert = async (
  store: Store,
  table: string,
  values: readonly Readonly<Record<string, unknown>>[],
): Promise<void> =>
  changing(store, (client) => client.insert({ table, values: [...values], format: 'JSONEachRow' }));

const command = async (store: Store, query: string, parameters: Parameters): Promise<void> =>
  changing(store, (client) => client.command({ query, query_params: { ...parameters } }));

const changing = async (store: Store, work: (client: Store['client']) => Promise<unknown>): Promise<void> => {
  try {
    await store.once(work);
  } catch (error) {
    throw storeErrorOf(error, store.url);
  }
};

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
