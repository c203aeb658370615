import type { Store } from '../open.ts';
import { select } from '../readers/statements/select.ts';
import type { DeliveryLog } from './delivery-log.ts';
import { type Detectors, detectorsOf } from './detectors.ts';
import type { FindingRegister } from './finding-register.ts';
import type { MuteRegister } from './mute-register.ts';
import type { RuleRegister } from './rule-register.ts';
import { storedDeliveries } from './stored-deliveries.ts';
import { storedFindings } from './stored-finding-register.ts';
import { storedMutes } from './stored-mutes.ts';
import { storedRules } from './stored-rules.ts';

/** What findings of one tenant rest on and are kept in, and nothing of anyone else's. */
export interface FindingStore {
  readonly findings: FindingRegister;
  readonly mutes: MuteRegister;
  readonly rules: RuleRegister;
  readonly deliveries: DeliveryLog;
  readonly detectors: Detectors;
}

/** Cheap: opens nothing. The store stays its opener's to close. */
export const findingStoreOf = (store: Store, tenant: string): FindingStore => {
  const selection = { store, tenant };
  return {
    findings: storedFindings(selection),
    mutes: storedMutes(selection),
    rules: storedRules(selection),
    deliveries: storedDeliveries(selection),
    detectors: detectorsOf(selection),
  };
};

/**
 * Everyone who has records, and everyone of whom something was found. Reads `principals` and `principal_jobs`.
 *
 * @throws StoreError `store_unavailable` or `store_refused`.
 */
export const tenantsWithRecords = async (store: Store): Promise<readonly string[]> => {
  const rows = await select<{ Tenant: string }>(
    { store, tenant: '' },
    `SELECT DISTINCT toString(TenantId) AS Tenant FROM (
       SELECT DISTINCT TenantId FROM principals UNION ALL SELECT DISTINCT TenantId FROM principal_jobs
       UNION ALL SELECT DISTINCT TenantId FROM finding_progress)
     WHERE Tenant != {tenant:String} ORDER BY Tenant`,
  );
  return rows.map(({ Tenant }) => Tenant);
};
