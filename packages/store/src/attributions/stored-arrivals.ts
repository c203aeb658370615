import type { Store } from '../open.ts';
import { storeErrorOf } from '../open.ts';
import { type Parameters, select } from '../readers/select.ts';
import { StoreError } from '../store-error.ts';
import type { Arrivals, ArrivalTable, ArrivedPart, Slice, TraceOfTenant } from './arrivals.ts';
import { type BlockRange, blocksOfPart, grown, isCovered, joined } from './covered-blocks.ts';

/** What a row of each table is about, as it is watched. */
const WATCHED: Readonly<Record<ArrivalTable, string>> = { otel_traces: 'TraceId', runs: 'toString(RunId)' };

const OF_SLICE =
  '_part IN {parts:Array(String)} AND _part_offset >= {from:UInt64} AND _part_offset < {to:UInt64}';

const bound = ({ parts, fromRow, toRow }: Slice): Parameters => ({
  parts: parts.map(({ name }) => name),
  from: fromRow,
  to: toRow,
});

/** Parts whose rows are counted at a time: their names travel in the request line. */
const PARTS_COUNTED = 100;
/** How often in a row a table must be seen to have lost blocks before they are taken to be gone. */
const SEEN_GONE = 30;

/** Of all tenants: for the service itself, never for anyone who asks. */
export const storedArrivals = (store: Store): Arrivals => {
  const selection = { store, tenant: '' };
  const goneSince = new Map<string, number>();

  const tableOf = async (name: ArrivalTable): Promise<StoredTable> => {
    const [table] = await select<{ Id: string; Engine: string }>(
      selection,
      `SELECT toString(uuid) AS Id, engine AS Engine FROM system.tables
       WHERE database = currentDatabase() AND name = {name:String}`,
      { name },
    );
    return {
      name,
      id: table?.Id ?? NO_ID,
      numbersBlocksByPartition: /^(Replicated|Shared)/.test(table?.Engine ?? ''),
    };
  };

  const coveredOf = async ({
    name,
    id,
  }: StoredTable): Promise<ReadonlyMap<string, readonly BlockRange[]>> => {
    const rows = await select<{ PartitionId: string; Min: string; Max: string }>(
      selection,
      `SELECT PartitionId, toString(MinBlock) AS Min, toString(argMax(MaxBlock, RecordedAt)) AS Max
       FROM attribution_progress WHERE TableName = {name:String} AND TableId = {id:UUID}
       GROUP BY PartitionId, MinBlock`,
      { name, id },
    );
    const byPartition = Map.groupBy(rows, ({ PartitionId }) => PartitionId);
    return new Map(
      [...byPartition].map(([partition, ranges]) => [
        partition,
        joined(ranges.map(({ Min, Max }) => ({ min: Number(Min), max: Number(Max) }))),
      ]),
    );
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

  const counted = async (
    name: ArrivalTable,
    parts: readonly StoredPart[],
  ): Promise<readonly ArrivedPart[]> => {
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
      const table = await tableOf(name);
      const covered = await coveredOf(table);
      const parts = await partsOf(name);
      const held = await withoutGone(table, covered, parts);
      const unseen = parts
        .filter(({ partition, blocks }) => !isCovered(held.get(partition) ?? [], blocks))
        .sort((a, b) => compare(b.partition, a.partition) || b.blocks.max - a.blocks.max);
      return counted(name, unseen.slice(0, PARTS_COUNTED));
    },

    unstampedIn: async (slice) => {
      const parameters = bound(slice);
      const [rows] = await select<{ Rows: string; Unstamped: string; From: string; To: string }>(
        selection,
        `SELECT toString(count()) AS Rows, toString(countIf(Assurance = 'none')) AS Unstamped,
           toString(toUnixTimestamp64Nano(min(Timestamp))) AS From, toString(toUnixTimestamp64Nano(max(Timestamp))) AS To
         FROM otel_traces WHERE ${OF_SLICE}`,
        parameters,
      );
      if (rows === undefined || rows.Rows === '0') return { traces: [] };
      const between = { fromNanos: BigInt(rows.From), toNanos: BigInt(rows.To) };
      if (rows.Unstamped === '0') return { traces: [], between };
      const unstamped = `FROM otel_traces WHERE ${OF_SLICE} AND Assurance = 'none' AND TraceId != ''`;
      // Watched before it is read: what arrives in between is then looked at once more, instead of never.
      await command(
        store,
        `INSERT INTO attribution_watches (TenantId, Watched, TraceId, Since)
         SELECT DISTINCT TenantId, TraceId, TraceId, now() ${unstamped}`,
        parameters,
      );
      return {
        traces: await tracesOf(`SELECT DISTINCT TenantId, TraceId ${unstamped}`, parameters),
        between,
      };
    },

    watchingFor: async (slice) =>
      tracesOf(
        `SELECT DISTINCT TenantId, TraceId FROM attribution_watches WHERE (TenantId, Watched) IN (
           SELECT DISTINCT TenantId, ${WATCHED[slice.table]} FROM ${slice.table} WHERE ${OF_SLICE})`,
        bound(slice),
      ),

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
        const table = await tableOf(name);
        const covered = await coveredOf(table);
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

  async function tracesOf(sql: string, parameters: Parameters): Promise<readonly TraceOfTenant[]> {
    const rows = await select<{ TenantId: string; TraceId: string }>(selection, sql, parameters);
    return rows.map(({ TenantId, TraceId }) => ({ tenant: TenantId, traceId: TraceId }));
  }
};

interface StoredTable {
  readonly name: ArrivalTable;
  readonly id: string;
  /** Otherwise by table, each number when its part is there: what is missing before a part will never come. */
  readonly numbersBlocksByPartition: boolean;
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
