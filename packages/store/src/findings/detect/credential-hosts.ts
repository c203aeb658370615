import { type Selection, select } from '../../readers/statements/select.ts';
import { type ReceivedWindow, receivedParameters } from './received.ts';

/** From where one credential came within one hour of receipt. */
export interface CameFrom {
  readonly id: string;
  readonly kind: string;
  /** The workload that it was taken for. */
  readonly actor: string;
  /** When the hour began, milliseconds since the epoch. */
  readonly hourMillis: number;
  readonly addresses: number;
  /** Some of them. */
  readonly someAddresses: readonly string[];
  readonly networks: number;
  /** The most in any hour of the days before. */
  readonly networksBefore: number;
  readonly uses: number;
  /** From addresses that were too many to be told apart. */
  readonly usesElsewhere: number;
  readonly firstMillis: number;
  readonly lastMillis: number;
}

export interface CameFromAsked {
  readonly networks: number;
  /** Credentials that were first used later than so long before the hour are left out. */
  readonly learningMillis: number;
  /** Whole days before that of the hour. */
  readonly baselineDays: number;
}

interface WideRow {
  readonly Id: string;
  readonly KindName: string;
  readonly ActorId: string;
  readonly HourSeconds: number;
  readonly AddressTotal: number;
  readonly Some: readonly string[];
  readonly NetworkTotal: number;
  readonly Times: number;
  readonly Elsewhere: number;
  readonly FirstMillis: string;
  readonly LastMillis: string;
}

interface DayRow {
  readonly Id: string;
  readonly DaySeconds: number;
  readonly Most: number;
}

interface FirstRow {
  readonly Id: string;
  readonly FirstMillis: string;
}

const DAY_SECONDS = 86_400;
/** Credentials in one statement. */
const AT_ONCE = 200;

/** Hours of receipt that the window holds, whole or in part. */
const IN_WINDOW = `TenantId = {tenant:String} AND Hour >= toStartOfHour(fromUnixTimestamp64Milli({from:Int64}, 'UTC'))
    AND Hour < fromUnixTimestamp64Milli({to:Int64}, 'UTC')`;

const ADDRESSES = `toUInt32(uniqCombinedArrayMerge(12)(Addresses)) AS AddressTotal,
    arraySort(groupUniqArrayArray(16)(SomeAddresses)) AS Some`;
const NETWORKS = 'toUInt32(uniqCombinedArrayMerge(12)(Networks))';

const WIDE = `
  SELECT CredentialId AS Id, toString(any(Kind)) AS KindName, toString(any(Actor)) AS ActorId,
    toUnixTimestamp(Hour) AS HourSeconds, ${ADDRESSES}, ${NETWORKS} AS NetworkTotal,
    toUInt64(sum(Uses)) AS Times, toUInt64(sum(UsesElsewhere)) AS Elsewhere,
    toString(toUnixTimestamp64Milli(min(FirstUsed))) AS FirstMillis, toString(toUnixTimestamp64Milli(max(LastUsed))) AS LastMillis
  FROM credential_hours WHERE ${IN_WINDOW}
  GROUP BY CredentialId, Hour HAVING NetworkTotal >= {networks:UInt32} ORDER BY HourSeconds, Id`;

const MOST_OF_DAYS = `
  SELECT Id, toUnixTimestamp(toStartOfDay(Hour)) AS DaySeconds, max(InHour) AS Most
  FROM (
    SELECT CredentialId AS Id, Hour, ${NETWORKS} AS InHour FROM credential_hours
    WHERE TenantId = {tenant:String} AND CredentialId IN {ids:Array(String)}
      AND Hour >= toDateTime({fromSeconds:UInt32}, 'UTC') AND Hour < toDateTime({toSeconds:UInt32}, 'UTC')
    GROUP BY CredentialId, Hour)
  GROUP BY Id, DaySeconds`;

const FIRST_USES = `
  SELECT CredentialId AS Id, toString(toUnixTimestamp64Milli(min(FirstUsed))) AS FirstMillis
  FROM credentials WHERE TenantId = {tenant:String} AND CredentialId IN {ids:Array(String)} GROUP BY CredentialId`;

/**
 * Credentials that were used from at least so many networks within one hour of receipt, and from how many before. Reads
 * `credential_hours`, a row for each credential and hour: those of the window, and where that finds any, of the days before.
 */
export const wideCredentials = async (
  selection: Selection,
  window: ReceivedWindow,
  { networks, learningMillis, baselineDays }: CameFromAsked,
): Promise<readonly CameFrom[]> => {
  const rows = await select<WideRow>(selection, WIDE, { ...receivedParameters(window), networks });
  const days = rows.map(({ HourSeconds }) => dayOf(HourSeconds));
  const baseline = {
    fromSeconds: Math.min(...days) - baselineDays * DAY_SECONDS,
    toSeconds: Math.max(...days),
  };
  const before: DayRow[] = [];
  const firstUses = new Map<string, number>();
  const ids = [...new Set(rows.map(({ Id }) => Id))];
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const some = { ids: ids.slice(from, from + AT_ONCE) };
    const [most, first] = await Promise.all([
      select<DayRow>(selection, MOST_OF_DAYS, { ...some, ...baseline }),
      select<FirstRow>(selection, FIRST_USES, some),
    ]);
    before.push(...most);
    for (const { Id, FirstMillis } of first) firstUses.set(Id, Number(FirstMillis));
  }
  const mostOf = Map.groupBy(before, ({ Id }) => Id);
  return rows.flatMap((row) => {
    const firstUse = firstUses.get(row.Id) ?? Number(row.FirstMillis);
    if (firstUse > row.HourSeconds * 1000 - learningMillis) return [];
    const until = dayOf(row.HourSeconds);
    const earlier = (mostOf.get(row.Id) ?? []).filter(
      ({ DaySeconds }) => DaySeconds < until && DaySeconds >= until - baselineDays * DAY_SECONDS,
    );
    return [cameFromOf(row, Math.max(0, ...earlier.map(({ Most }) => Most)))];
  });
};

const dayOf = (seconds: number): number => seconds - (seconds % DAY_SECONDS);

const cameFromOf = (row: WideRow, networksBefore: number): CameFrom => ({
  id: row.Id,
  kind: row.KindName,
  actor: row.ActorId,
  hourMillis: row.HourSeconds * 1000,
  addresses: row.AddressTotal,
  someAddresses: row.Some,
  networks: row.NetworkTotal,
  networksBefore,
  uses: row.Times,
  usesElsewhere: row.Elsewhere,
  firstMillis: Number(row.FirstMillis),
  lastMillis: Number(row.LastMillis),
});

/** From where the credentials of a workload came within one hour of receipt. */
export interface ActorAddresses {
  readonly actor: string;
  readonly hourMillis: number;
  readonly addresses: number;
  /** Some of them. */
  readonly someAddresses: readonly string[];
}

/** Of some workloads, in the hours of the window. Reads the rows of `credential_hours` of these hours. */
export const addressesOf = async (
  selection: Selection,
  window: ReceivedWindow,
  actors: readonly string[],
): Promise<readonly ActorAddresses[]> => {
  const found: ActorAddresses[] = [];
  for (let from = 0; from < actors.length; from += AT_ONCE) {
    const rows = await select<Pick<WideRow, 'ActorId' | 'HourSeconds' | 'AddressTotal' | 'Some'>>(
      selection,
      `SELECT toString(Actor) AS ActorId, toUnixTimestamp(Hour) AS HourSeconds, ${ADDRESSES}
       FROM credential_hours WHERE ${IN_WINDOW} AND Actor IN {actors:Array(String)}
       GROUP BY ActorId, HourSeconds`,
      { ...receivedParameters(window), actors: actors.slice(from, from + AT_ONCE) },
    );
    for (const { ActorId, HourSeconds, AddressTotal, Some } of rows) {
      found.push({
        actor: ActorId,
        hourMillis: HourSeconds * 1000,
        addresses: AddressTotal,
        someAddresses: Some,
      });
    }
  }
  return found;
};
