import { ASSURANCES, type Assurance, WITNESSES, type Witness } from '@whence/model';
import { inheritedRows } from '../principals/inherited-rows.ts';
import { HOUR_RANGE, hourParameters, momentOfStep, stepOf } from '../principals/principal-activity.ts';
import { EVERYONE, rowsByPrincipal, rowsWithInherited, THESE } from '../principals/rollup-rows.ts';
import { type Parameters, type Selection, select } from '../statements/select.ts';
import type {
  Counts,
  Coverage,
  CoverageAsked,
  CoverageDimension,
  CoverageFilter,
  CoverageReader,
  CoverageStep,
} from './coverage-reader.ts';

const COLUMN: Readonly<Record<CoverageDimension, string>> = {
  principal: 'Principal',
  service: 'ServiceName',
  system: 'System',
};

const KEYS = 'Hour, Witness, ServiceName, System';
const COUNTED = `${KEYS}, Assurance, toInt64(Actions) AS Times`;

/**
 * What coverage counts. What is inherited by now was received under nobody, where it counts no more. Where nothing is asked
 * of principals, it does not matter whose run an early row names, and no record is looked up for it.
 */
const sourcesOf = ({ by, filter }: CoverageAsked, condition: string): readonly string[] => {
  if (filter.principal !== undefined) {
    return [`SELECT * FROM ${rowsWithInherited('principals_hourly', COUNTED, THESE, condition, HOUR_RANGE)}`];
  }
  const inherited = inheritedRows('principals_hourly', COUNTED, EVERYONE, condition, HOUR_RANGE.inherited);
  const received = by.includes('principal')
    ? `SELECT * FROM ${rowsByPrincipal('principals_hourly', COUNTED, EVERYONE, `(${condition}) AND (${HOUR_RANGE.received})`)}`
    : `SELECT ${COUNTED}, ${NOBODY} AS Principal, ${NOBODY} AS Kind FROM principals_hourly
       WHERE TenantId = {tenant:String} AND (${condition}) AND (${HOUR_RANGE.received})`;
  return [
    received,
    inherited,
    `SELECT ${KEYS}, 'none' AS Assurance, -Times AS Times, ${NOBODY} AS Principal, Kind FROM (${inherited})`,
  ];
};

const NOBODY = "toLowCardinality('')";

type CountsRow = { readonly ActionCount: number } & Readonly<
  Record<`a_${Assurance}` | `w_${Witness}`, number>
>;

type GroupRow = CountsRow & {
  readonly Keys: readonly string[];
  readonly At: number;
  readonly Groups: number;
};

const COUNTS = [
  'sum(Times) AS ActionCount',
  ...ASSURANCES.map((each) => `sumIf(Times, Assurance = '${each}') AS a_${each}`),
  ...WITNESSES.map((each) => `sumIf(Times, Witness = '${each}') AS w_${each}`),
].join(', ');

export const storedCoverage = (selection: Selection): CoverageReader => ({
  read: (asked) => readCoverage(selection, asked),
});

const readCoverage = async (selection: Selection, asked: CoverageAsked): Promise<Coverage> => {
  const { by, every, filter, limit } = asked;
  const { sql, parameters } = conditionOf(filter);
  const rows = `(${sourcesOf(asked, sql).join(' UNION ALL ')})`;
  const keys = `[${by.map((dimension) => `toString(${COLUMN[dimension]})`).join(', ')}]::Array(String)`;
  const step = every === undefined ? '0' : `toUnixTimestamp(${stepOf(every)})`;
  const given = { ...parameters, ...hourParameters(asked), limit };

  const ask = (what: string, more: Parameters = {}) =>
    select<GroupRow>(selection, what, { ...given, ...more });
  const most = `SELECT ${keys} AS Keys, sum(Times) AS Most FROM ${rows} GROUP BY Keys HAVING Most > 0 ORDER BY Most DESC, Keys LIMIT {limit:UInt32}`;

  const [whole, groups, steps] = await Promise.all([
    ask(
      `SELECT [] AS Keys, ${step} AS At, ${COUNTS} FROM ${rows} GROUP BY At HAVING ActionCount > 0 ORDER BY At`,
    ),
    by.length === 0
      ? []
      : ask(`SELECT ${keys} AS Keys, ${COUNTS}, count() OVER () AS Groups FROM ${rows}
          GROUP BY Keys HAVING ActionCount > 0 ORDER BY ActionCount DESC, Keys LIMIT {limit:UInt32}`),
    by.length === 0 || every === undefined
      ? []
      : ask(`SELECT ${keys} AS Keys, ${step} AS At, ${COUNTS} FROM ${rows}
          WHERE Keys IN (SELECT Keys FROM (${most})) GROUP BY Keys, At HAVING ActionCount > 0 ORDER BY At`),
  ]);
  const stepsOf = Map.groupBy(steps, ({ Keys }) => JSON.stringify(Keys));
  return {
    totals: added(whole.map(countsOf)),
    steps: every === undefined ? [] : whole.map(stepRowOf),
    groups: groups.map((row) => ({
      ...Object.fromEntries(
        by.map((dimension, at) => [dimension, row.Keys[at] ?? '']).filter(([, value]) => value !== ''),
      ),
      ...countsOf(row),
      steps: (stepsOf.get(JSON.stringify(row.Keys)) ?? []).map(stepRowOf),
    })),
    groupCount: groups[0]?.Groups ?? 0,
  };
};

const conditionOf = ({ principal, service, system, witness }: CoverageFilter) => ({
  sql: [
    ...(service === undefined ? [] : ['ServiceName = {service:String}']),
    ...(system === undefined ? [] : ['System = {system:String}']),
    ...(witness === undefined ? ['1'] : ['Witness = {witness:String}']),
  ].join(' AND '),
  parameters: {
    ...(principal === undefined ? {} : { ids: [principal] }),
    ...(service === undefined ? {} : { service }),
    ...(system === undefined ? {} : { system }),
    ...(witness === undefined ? {} : { witness }),
  } satisfies Parameters,
});

const countsOf = (row: CountsRow): Counts => ({
  actions: row.ActionCount,
  assurances: record(ASSURANCES, (each) => row[`a_${each}`]),
  witnesses: record(WITNESSES, (each) => row[`w_${each}`]),
});

const stepRowOf = (row: GroupRow): CoverageStep => ({ at: momentOfStep(row.At), ...countsOf(row) });

const added = (all: readonly Counts[]): Counts => ({
  actions: sum(all, ({ actions }) => actions),
  assurances: record(ASSURANCES, (each) => sum(all, ({ assurances }) => assurances[each])),
  witnesses: record(WITNESSES, (each) => sum(all, ({ witnesses }) => witnesses[each])),
});

const sum = <Item>(items: readonly Item[], of: (item: Item) => number): number =>
  items.reduce((total, item) => total + of(item), 0);

const record = <Key extends string>(keys: readonly Key[], of: (key: Key) => number): Record<Key, number> =>
  Object.fromEntries(keys.map((key) => [key, of(key)])) as Record<Key, number>;
