import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { startLineage } from '../stage/lineage.ts';
import { takeDown } from '../stage/take-down.ts';

/** The real thing that answers "who caused this?": one for all carriers of a test file. */
export interface CarrierStage {
  /** Variables of a process that has the SDK: `near` may start runs, `far` sends under a key of its own. */
  environment(side: 'near' | 'far'): Record<string, string>;
  /** @param cause an action that the chain leads back to, once it has arrived too: the two sides export each for itself */
  // biome-ignore lint/suspicious/noExplicitAny: what it is, the test says
  who(action: Partial<ActionIds> & Pick<ActionIds, 'spanId'>, cause?: ActionIds): Promise<any>;
  /** All of the run that are in the store yet. */
  actions(runId: string): Promise<readonly StoredAction[]>;
}

export interface StoredAction extends ActionIds {
  readonly statement?: string;
}

export interface ActionIds {
  readonly traceId: string;
  readonly spanId: string;
}

/** What an app's near side says on its standard output. */
export interface NearAction extends ActionIds {
  readonly runId: string;
  readonly reference: string;
}

export interface CarrierRow {
  /** The folder of `apps/` with `near.cjs`, and with `far.cjs` where the far side is a process of its own. */
  readonly app: string;
  /** Further variables for both sides, asked for by each test when it runs: the address of a broker. */
  readonly environment?: (
    module: (typeof MODULES)[number],
  ) => Record<string, string> | Promise<Record<string, string>>;
  /**
   * True where the near side starts the far side itself (a thread, a child): then it passes on the preload in the
   * variable `STOCK`, where there is one, and both say what they did on the near side's standard output.
   */
  readonly inside?: boolean;
  /** False where OpenTelemetry's own SDK has no far side: then say why in a comment. */
  readonly stock?: boolean;
  /** Further expectations of the answer about the far action. */
  // biome-ignore lint/suspicious/noExplicitAny: as `who`
  readonly expectAnswer?: (answer: any, near: NearAction) => void;
}

export const PRINCIPAL = 'k8s://test/jobs/near';
export const AUTHORITY = 'policy:carriers@1';

export const carrierStage = async (): Promise<CarrierStage> => {
  const { environment, answered } = await startLineage([
    {
      id: 'near',
      actor: 'k8s://test/jobs/near-pod',
      grants: [{ principal: { id: PRINCIPAL, kind: 'scheduler' }, authority: AUTHORITY }],
    },
    { id: 'far', actor: 'k8s://test/services/far-pod' },
  ]);
  return {
    environment,
    who: ({ traceId, spanId }, cause) =>
      answered(
        `/v1/who?span=${spanId}${traceId === undefined ? '' : `&trace=${traceId}`}`,
        (answer) => cause === undefined || (answer.run && chainOf(answer).includes(cause.spanId)),
      ),
    actions: async (runId) => (await answered(`/v1/actions?run=${runId}`)).actions,
  };
};

const chainOf = (answer: { chain: { action: ActionIds }[] }): string[] =>
  answer.chain.map(({ action }) => action.spanId);

export const MODULES = ['esm.mjs', 'commonjs.cjs'] as const;
const FAR_SIDES = ['the SDK', 'stock OpenTelemetry'] as const;

/**
 * Carrier by module system by far side: what the far side did leads back to the action and the run of the near side,
 * as the store, the collector and `who` tell it.
 */
export const carrierMatrix = (
  name: string,
  { app, environment, inside = false, stock = true, expectAnswer }: CarrierRow,
) => {
  const farSides = stock ? FAR_SIDES : FAR_SIDES.slice(0, 1);
  const cells = MODULES.flatMap((module) => farSides.map((far) => ({ module, far })));
  describe(name, () => {
    let stage: CarrierStage;
    beforeAll(async () => {
      stage = await theStage();
    });

    it.each(cells)('leads back to the cause: $module, far side with $far', async ({ module, far }) => {
      const sides = { stage, app, module, far, more: (await environment?.(module)) ?? {} };
      const { near, action } = await (inside ? farSideInside(sides) : farSideApart(sides));

      const answer = await stage.who(action, near);
      expect(answer.run.id).toBe(near.runId);
      expect(answer.principal).toMatchObject({ id: PRINCIPAL, assurance: 'verified' });
      expect(answer.authority).toMatchObject({ id: AUTHORITY });
      expectAnswer?.(answer, near);
    });
  });
};

interface Sides {
  readonly stage: CarrierStage;
  readonly app: string;
  readonly module: (typeof MODULES)[number];
  readonly far: (typeof FAR_SIDES)[number];
  readonly more: Record<string, string>;
}

interface Said {
  readonly near: NearAction;
  readonly action: ActionIds;
}

const farSideApart = async ({ stage, app, module, far, more }: Sides): Promise<Said> => {
  const farSide = startSide(app, 'far', module, far === 'the SDK' ? REGISTER : STOCK, {
    ...(far === 'the SDK' ? {} : { STOCK: 'true' }),
    ...stage.environment('far'),
    ...more,
  });
  const { ready } = (await farSide.said()) as { ready: string };
  const nearSide = startSide(app, 'near', module, REGISTER, {
    ...stage.environment('near'),
    ...more,
    FAR: ready,
  });
  const near = (await nearSide.said()) as NearAction;
  const action = (await farSide.said()) as ActionIds;
  expect(await nearSide.ended).toEqual({ code: 0, stderr: '' });
  expect(await farSide.ended).toEqual({ code: 0, stderr: '' });
  return { near, action };
};

const farSideInside = async ({ stage, app, module, far, more }: Sides): Promise<Said> => {
  const side = startSide(app, 'near', module, REGISTER, {
    ...(far === 'the SDK' ? {} : { STOCK }),
    ...stage.environment('near'),
    ...more,
  });
  const said = [await side.said(), await side.said()] as (ActionIds & Partial<NearAction>)[];
  expect(await side.ended).toEqual({ code: 0, stderr: '' });
  const near = said.find(({ runId }) => runId !== undefined) as NearAction;
  return { near, action: said.find(({ runId }) => runId === undefined)! };
};

let stage: Promise<CarrierStage> | undefined;

/** Of this test file. */
export const theStage = (): Promise<CarrierStage> => (stage ??= carrierStage());

export const REGISTER = import.meta.resolve('@whence/sdk/register');
export const STOCK = new URL('./apps/stock-otel.mjs', import.meta.url).href;

export interface Side {
  /** The next line that it says, which is JSON. Rejects where it ends before. */
  said(): Promise<unknown>;
  readonly ended: Promise<{ readonly code: number | null; readonly stderr: string }>;
}

/** Runs `apps/<app>/<side>.cjs` as a module of that kind, under a preload. */
export const startSide = (
  app: string,
  side: 'near' | 'far',
  module: (typeof MODULES)[number],
  preload: string,
  environment: Record<string, string>,
): Side => {
  const path = (file: string): string => fileURLToPath(new URL(`./apps/${file}`, import.meta.url));
  const child = spawn(process.execPath, ['--import', preload, path(module), path(`${app}/${side}.cjs`)], {
    env: {
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  takeDown(() => child.kill('SIGKILL'));
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    said: async () => {
      const { value, done } = await lines.next();
      if (done) throw new Error(`${app}/${side} said nothing more: ${stderr}`);
      return JSON.parse(value);
    },
    ended: new Promise((resolve) => child.once('close', (code) => resolve({ code, stderr }))),
  };
};
