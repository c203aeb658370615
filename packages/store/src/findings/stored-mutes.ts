import { newRunId } from '@whence/model';
import { type Selection, select } from '../readers/statements/select.ts';
import { insertRows, momentOf } from './insert-rows.ts';
import { MUTES_MAX, type Mute, type MuteRegister } from './mute-register.ts';

interface MuteRow {
  readonly Id: string;
  readonly Rule: string;
  readonly PrincipalId: string;
  readonly Target: string;
  readonly Reason: string;
  readonly By: string;
  readonly AtMillis: string;
  readonly UntilMillis: string;
}

const IN_FORCE = `
  SELECT toString(MuteId) AS Id, Rule, PrincipalId, Target, Reason, SaidBy AS By,
    toString(toUnixTimestamp64Milli(SaidAt)) AS AtMillis, toString(toUnixTimestamp64Milli(UntilAt)) AS UntilMillis
  FROM finding_mutes
  WHERE TenantId = {tenant:String} AND NOT IsLifted
    AND (UntilAt = toDateTime64(0, 3, 'UTC') OR UntilAt > fromUnixTimestamp64Milli({now:Int64}))
    AND MuteId NOT IN (SELECT MuteId FROM finding_mutes WHERE TenantId = {tenant:String} AND IsLifted)
  ORDER BY SaidAt DESC, Id DESC LIMIT {limit:UInt32}`;

export const storedMutes = (selection: Selection): MuteRegister => {
  const inForce = async (): Promise<readonly Mute[]> => {
    const rows = await select<MuteRow>(selection, IN_FORCE, { now: Date.now(), limit: MUTES_MAX });
    return rows.map(muteOf);
  };
  return {
    inForce,
    add: async (said) => {
      const mute = { ...said, id: newRunId(), at: momentOf(Date.now()) };
      await insertRows(selection, 'finding_mutes', [{ ...rowOf(mute), IsLifted: 0 }]);
      return mute;
    },
    lift: async (id, by) => {
      const mute = (await inForce()).find((each) => each.id === id);
      if (mute === undefined) return false;
      await insertRows(selection, 'finding_mutes', [
        { ...rowOf(mute), IsLifted: 1, SaidBy: by, SaidAt: momentOf(Date.now()) },
      ]);
      return true;
    },
  };
};

const rowOf = (mute: Mute): Readonly<Record<string, unknown>> => ({
  MuteId: mute.id,
  Rule: mute.rule,
  PrincipalId: mute.principal,
  Target: mute.target,
  Reason: mute.reason,
  UntilAt: mute.until ?? 0,
  SaidBy: mute.by,
  SaidAt: mute.at,
});

const muteOf = (row: MuteRow): Mute => ({
  id: row.Id,
  rule: row.Rule,
  principal: row.PrincipalId,
  target: row.Target,
  reason: row.Reason,
  ...(row.UntilMillis === '0' ? {} : { until: momentOf(Number(row.UntilMillis)) }),
  by: row.By,
  at: momentOf(Number(row.AtMillis)),
});
