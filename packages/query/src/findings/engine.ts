import { type FindingStore, findingStoreOf, type RuleProgress, type Store } from '@whence/store';
import type { Logger } from 'pino';
import { isDue, LONGEST_WINDOW, passOf } from './pass.ts';
import { HOUR } from './rule.ts';
import { type FindingsFile, type RuleInForce, rulesInForce } from './rule-settings.ts';
import type { Webhooks } from './webhooks/webhooks.ts';

export interface EngineOptions {
  readonly store: Store;
  /** Whose records are looked at. */
  readonly tenants: () => Promise<readonly string[]>;
  readonly file: FindingsFile;
  /** What the owners file gives owners to. */
  readonly ownerPatterns: () => readonly string[];
  readonly webhooks: Webhooks;
  /** Between the beginnings of two rounds. */
  readonly everyMillis: number;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Looks for findings, round after round, tenant after tenant, rule after rule: never two statements at a time. */
export interface Engine {
  /** One round. Never rejects: what failed is logged, and shown with its rule. */
  round(): Promise<void>;
  /** Stops after the statement under way. */
  close(): Promise<void>;
}

export const newEngine = (options: EngineOptions): Engine => {
  const { store, tenants, file, ownerPatterns, webhooks, logger, now = Date.now } = options;
  /** Windows that the store found too long, by tenant and rule. */
  const longest = new Map<string, number>();
  let closed = false;
  let underWay: Promise<void> | undefined;

  const round = async (): Promise<void> => {
    try {
      for (const tenant of await tenants()) await tenantRound(tenant);
    } catch (error) {
      logger.warn({ err: error }, 'findings: no round, the store does not say whose records there are');
    }
  };

  const tenantRound = async (tenant: string): Promise<void> => {
    if (closed) return;
    const findings = findingStoreOf(store, tenant);
    try {
      const [rules, progress] = await Promise.all([rulesInForce(file, findings), findings.rules.progress()]);
      for (const rule of rules) {
        if (closed) return;
        if (isDue(rule, progress.get(rule.rule.code), now())) {
          await rulePass(tenant, findings, rule, progress.get(rule.rule.code));
        }
      }
    } catch (error) {
      logger.warn({ err: error, tenant }, 'findings: no round for a tenant');
    }
  };

  const rulePass = async (
    tenant: string,
    findings: FindingStore,
    rule: RuleInForce,
    progress: RuleProgress | undefined,
  ): Promise<void> => {
    const key = JSON.stringify([tenant, rule.rule.code]);
    const longestMillis = longest.get(key) ?? LONGEST_WINDOW;
    const nowMillis = now();
    try {
      const done = await passOf(
        { tenant, store: findings, ownerPatterns: ownerPatterns(), nowMillis, longestMillis },
        rule,
        progress,
        (opened, resolved) => webhooks.queue(tenant, opened, resolved, nowMillis),
      );
      await findings.rules.advance(rule.rule.code, done.progress);
      longest.set(key, Math.min(LONGEST_WINDOW, longestMillis * 2));
      if (done.opened.length > 0) {
        logger.info({ tenant, rule: rule.rule.code, findings: done.opened.length }, 'found');
      }
    } catch (error) {
      longest.set(key, Math.max(HOUR, longestMillis / 2));
      logger.warn({ err: error, tenant, rule: rule.rule.code }, 'findings: a rule failed');
      await tellFailure(findings, rule, progress, error, nowMillis);
    }
  };

  const tellFailure = async (
    findings: FindingStore,
    { rule }: RuleInForce,
    progress: RuleProgress | undefined,
    error: unknown,
    nowMillis: number,
  ): Promise<void> => {
    try {
      await findings.rules.advance(rule.code, {
        ...(progress ?? {
          sinceMillis: nowMillis - 24 * HOUR,
          doneToMillis: nowMillis - 24 * HOUR,
          lookedAgainMillis: nowMillis,
        }),
        found: 0,
        failure: error instanceof Error ? error.message.slice(0, 1000) : String(error),
        millis: 0,
        ranAtMillis: nowMillis,
      });
    } catch {
      // The store is away: the log has it.
    }
  };

  return {
    round: () => {
      underWay ??= round().finally(() => {
        underWay = undefined;
      });
      return underWay;
    },
    close: async () => {
      closed = true;
      await underWay;
    },
  };
};
