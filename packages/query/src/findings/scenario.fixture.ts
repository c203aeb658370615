import { newRunId, type Run } from '@whence/model';
import { type Finding, type FindingStore, findingStoreOf, type Store } from '@whence/store';
import { doneIn, type GraphSpan, insertGraph, newRun, span } from '../lineage/graph.fixture.ts';
import { LONGEST_WINDOW, type PassDone, passOf } from './pass.ts';
import { DAY } from './rule.ts';
import { inForce } from './rule-settings.ts';
import { ruleByCode } from './rules.ts';

/** A record of a tenant of its own, and one rule over it. For tests. */
export interface Scenario {
  readonly tenant: string;
  readonly findings: FindingStore;
  /** One that an issuer started. */
  run(more?: Partial<Run>): Run;
  /** An action of a run, or of none. */
  did(run: Run | undefined, atMillis: number, more?: Readonly<Record<string, unknown>>): GraphSpan;
  insert(spans: readonly GraphSpan[], runs?: readonly Run[]): Promise<void>;
  /** As the rule would at that moment, whatever it has done before. */
  pass(nowMillis: number, settings?: Readonly<Record<string, unknown>>): Promise<PassDone>;
  found(): Promise<readonly Finding[]>;
}

/** @param code of the rule; the tenant is called after it, unless it is said */
export const scenarioOf = (store: Store, code: string, tenant = `tenant-${code}`): Scenario => {
  const findings = findingStoreOf(store, tenant);
  let progress: PassDone['progress'] | undefined;
  return {
    tenant,
    findings,
    run: (more = {}) => newRun({ tenant, actor: 'spiffe://demo/scheduler', ...more }),
    did: (run, atMillis, more = {}) => {
      const at = new Date(atMillis).toISOString();
      return span({
        ...(run === undefined ? {} : doneIn(run)),
        TenantId: tenant,
        TraceId: newRunId().replaceAll('-', ''),
        Timestamp: at,
        ReceivedAt: at,
        Actor: 'spiffe://demo/billing',
        ...more,
      });
    },
    insert: (spans, runs = []) =>
      insertGraph(store, {
        spans: spans.map((each) => ({ ...each, row: { SpanId: each.spanId, ...each.row } })),
        runs,
      }),
    pass: async (nowMillis, settings = {}) => {
      const done = await passOf(
        {
          tenant,
          store: findings,
          ownerPatterns: [],
          nowMillis,
          longestMillis: Math.max(LONGEST_WINDOW, 40 * DAY),
        },
        inForce(ruleByCode.get(code)!, settings),
        progress,
        async () => {},
      );
      progress = done.progress;
      return done;
    },
    found: async () => (await findings.findings.search({ filter: {}, mutes: [], limit: 1000 })).findings,
  };
};

export const at = (text: string): number => Date.parse(text);
