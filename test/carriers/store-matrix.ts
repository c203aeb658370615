import { beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../stage/eventually.ts';
import {
  AUTHORITY,
  type CarrierStage,
  MODULES,
  type NearAction,
  PRINCIPAL,
  REGISTER,
  startSide,
  theStage,
} from './carrier-matrix.ts';

/**
 * A database. Its far side is the server itself, which runs no OpenTelemetry, stock or other: what is asked about is the
 * near side's span of each statement, and what the server was sent.
 */
export interface StoreRow {
  /** The folder of `apps/` with `near.cjs`. */
  readonly app: string;
  readonly environment: () => Record<string, string>;
  readonly system: string;
  /** What is recorded of each statement, in its order. */
  readonly statements: readonly string[];
  /** Expectations of what the server saw, as the near side or the server tells it. */
  readonly expectSeen: (seen: never, near: NearAction, spanIds: readonly string[]) => void;
}

export const storeMatrix = (name: string, { app, environment, system, statements, expectSeen }: StoreRow) =>
  describe(name, () => {
    let stage: CarrierStage;
    beforeAll(async () => {
      stage = await theStage();
    });

    it.each(MODULES)('names who is behind each statement: %s', async (module) => {
      const nearSide = startSide(app, 'near', module, REGISTER, {
        ...stage.environment('near'),
        ...environment(),
      });
      const { seen } = (await nearSide.said()) as { seen: never };
      const near = (await nearSide.said()) as NearAction;
      expect(await nearSide.ended).toEqual({ code: 0, stderr: '' });

      const actions = await eventually(async () => {
        const found = await stage.actions(near.runId);
        return statements.every((text) => found.some(({ statement }) => statement === text)) && found;
      });
      const spanIds: string[] = [];
      for (const text of statements) {
        const action = actions.find(({ statement }) => statement === text)!;
        expect(action).toMatchObject({ system });
        spanIds.push(action.spanId);
        const answer = await stage.who(action);
        expect(answer.run.id).toBe(near.runId);
        expect(answer.principal).toMatchObject({ id: PRINCIPAL, assurance: 'verified' });
        expect(answer.authority).toMatchObject({ id: AUTHORITY });
        expect(answer.chain.map((link: { action: NearAction }) => link.action.spanId)).toContain(near.spanId);
      }
      expect(JSON.stringify(actions)).not.toContain('hunter2');
      expectSeen(seen, near, spanIds);
    });
  });
