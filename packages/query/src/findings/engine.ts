import type { Counters } from '@whence/model';
import { type FindingStore, findingStoreOf, type RuleProgress, type Store } from '@whence/store';
import type { Logger } from 'pino';
import { COUNTED, newCounters } from '../counters.ts';
import { firstLook, isDue, LONGEST_WINDOW, passOf } from './pass.ts';
import { oneAtATime, type Rounds } from './rounds.ts';
import { HOUR } from './rule.ts';
import { type FindingsFile, mutesInForce, type RuleInForce, rulesInForce } from './rule-settings.ts';
import type { Webhooks } from './webhooks/webhooks.ts';

export interface EngineOptions {
  readonly store: Store;
  /** Whose records are looked at. */
  readonly tenants: () => Promise<readonly string[]>;
  readonly file: FindingsFile;
  /** What the owners file gives owners to. */
  readonly ownerPatterns: () => readonly string[];
  readonly webhooks: Webhooks;
  /** Shown by `/metrics`. */
  readonly counters?: Counters;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/**
 * Looks for findings, tenant after tenant, rule after rule: never two statements at a time. What failed is logged, and
 * shown with its rule.
 */
export const newEngine = (options: EngineOptions): Rounds => {
  const { store, tenants, file, ownerPatterns, webhooks, logger, now = Date.now } = options;
  const { counters = newCounters() } = options;
  /** Windows that the store found too long, by tenant and rule. */
  const longest = new Map<string, number>();

  const round = async (isClosed: () => boolean): Promise<void> => {
    try {
      for (const tenant of await tenants()) await tenantRound(tenant, isClosed);
    } catch (error) {
      logger.warn({ err: error }, 'findings: no round, the store does not say whose records there are');
    }
  };

  const tenantRound = async (tenant: string, isClosed: () => boolean): Promise<void> => {
    if (isClosed()) return;
    const findings = findingStoreOf(store, tenant);
    const advanced = new Map<string, RuleProgress>();
    try {
      const [rules, progress] = await Promise.all([rulesInForce(file, findings), findings.rules.progress()]);
      for (const rule of rules) {
        if (isClosed()) break;
        const before = progress.get(rule.rule.code);
        if (isDue(rule, before, now())) {
          advanced.set(rule.rule.code, await rulePass(tenant, findings, rule, before));
        }
      }
      await findings.rules.advance(advanced);
    } catch (error) {
      logger.warn({ err: error, tenant }, 'findings: a round for a tenant could not be finished');
    }
  };

  /** Never rejects: where the rule fails, that is its progress. */
  const rulePass = async (
    tenant: string,
    findings: FindingStore,
    rule: RuleInForce,
    before: RuleProgress | undefined,
  ): Promise<RuleProgress> => {
    const key = JSON.stringify([tenant, rule.rule.code]);
    const longestMillis = longest.get(key) ?? LONGEST_WINDOW;
    const nowMillis = now();
    try {
      const { progress, opened, resolved } = await passOf(
        { tenant, store: findings, ownerPatterns: ownerPatterns(), nowMillis, longestMillis },
        rule,
        before,
        (news, resolved) => webhooks.queue(tenant, news, resolved, nowMillis),
      );
      longest.set(key, Math.min(LONGEST_WINDOW, longestMillis * 2));
      const ofRule = `rule="${rule.rule.code}"`;
      counters.add(COUNTED.findingPasses, 1, ofRule);
      counters.add(COUNTED.findingsOpened, opened.length, ofRule);
      counters.add(COUNTED.findingsResolved, resolved.length, ofRule);
      counters.add(COUNTED.findingsMuted, await mutedAmong(findings, opened), ofRule);
      if (opened.length > 0) logger.info({ tenant, rule: rule.rule.code, findings: opened.length }, 'found');
      return progress;
    } catch (error) {
      longest.set(key, Math.max(HOUR, longestMillis / 2));
      counters.add(COUNTED.findingPassesFailed, 1, `rule="${rule.rule.code}"`);
      logger.warn({ err: error, tenant, rule: rule.rule.code }, 'findings: a rule failed');
      return {
        ...(before ?? notBegun(nowMillis)),
        found: 0,
        failure: error instanceof Error ? error.message.slice(0, 1000) : String(error),
        millis: 0,
        ranAtMillis: nowMillis,
      };
    }
  };

  /** They are told by then: that they cannot be counted makes the pass no failure. */
  const mutedAmong = async (findings: FindingStore, ids: readonly string[]): Promise<number> => {
    if (ids.length === 0) return 0;
    try {
      const found = await findings.findings.byIds(ids, await mutesInForce(file, findings, now()));
      return [...found.values()].filter(({ state }) => state === 'muted').length;
    } catch (error) {
      logger.warn({ err: error }, 'findings: those that are muted could not be counted');
      return 0;
    }
  };

  return oneAtATime(round);
};

const notBegun = (nowMillis: number) => {
  const since = firstLook(nowMillis);
  return { sinceMillis: since, doneToMillis: since, lookedAgainMillis: nowMillis };
};
