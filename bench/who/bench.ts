import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { diskDirectory } from '../stage/disk-directory.ts';
import { machine, machineLine } from '../stage/machine.ts';
import { askEndpoints, type EndpointFigures } from './ask/ask-endpoints.ts';
import { samplesOf } from './ask/samples.ts';
import { filledStore, sizeOf, withCatalogue } from './filled-store.ts';
import { askPeers, type PeerFigures } from './peers/ask-peers.ts';
import { startQueryService } from './stage/query-service.ts';
import { planOf } from './work/plan.ts';

const QUESTION_SEED = 7;

/** How fast the questions are answered on many actions, how much is read for them, and whether the answers are right. */
export const run = async (say: (line: string) => void, args: readonly string[]): Promise<object> => {
  const { values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: 'boolean' },
      actions: { type: 'string', default: '10000000' },
      'peer-actions': { type: 'string', default: '10000000' },
      days: { type: 'string', default: '10' },
      seed: { type: 'string', default: '1' },
      asked: { type: 'string', default: '200' },
      cold: { type: 'string', default: '20' },
      only: { type: 'string', default: '.' },
      peers: { type: 'string' },
      dir: { type: 'string' },
      data: { type: 'string' },
    },
  });
  say(machineLine());
  const temporary = values.data === undefined ? diskDirectory(values.dir) : undefined;
  const sizes: object[] = [];
  for (const actions of values.actions.split(',').map(Number)) {
    const options = { actions, days: Number(values.days), seed: Number(values.seed) };
    const directory = join(temporary ?? values.data!, `${actions}-${options.days}-${options.seed}`);
    sizes.push(
      await measureSize(directory, options, {
        asked: Number(values.asked),
        cold: Number(values.cold),
        only: new RegExp(values.only),
        peerActions: Math.min(actions, Number(values['peer-actions'])),
        peersDirectory: values.peers,
        say,
      }),
    );
    if (temporary !== undefined) rmSync(directory, { recursive: true, force: true });
  }
  const last = sizes.at(-1)!;
  return {
    bench: 'who',
    machine: machine(),
    ...last,
    ...(sizes.length > 1 ? { sizes, growth: growthOf(sizes as SizeFigures[], say) } : {}),
  };
};

interface SizeFigures {
  readonly actions: number;
  readonly endpoints: Readonly<Record<string, EndpointFigures | null>>;
  readonly peers: PeerFigures | null;
}

const measureSize = async (
  directory: string,
  options: { readonly actions: number; readonly days: number; readonly seed: number },
  asking: {
    readonly asked: number;
    readonly cold: number;
    readonly only: RegExp;
    readonly peerActions: number;
    readonly peersDirectory: string | undefined;
    readonly say: (line: string) => void;
  },
): Promise<SizeFigures> => {
  const { say, peerActions } = asking;
  const store = await filledStore(directory, options, say);
  const { engine, plan, loaded, server } = store;
  try {
    const size = await sizeOf(store);
    say(
      `${plan.actions} actions in ${plan.executions.count} executions over ${plan.days} days, loaded in ${loaded.seconds} s ` +
        `(at rest after ${loaded.settledAfterSeconds} s): ${size.bytesPerAction} bytes an action, ${size.parts} parts`,
    );
    const service = await startQueryService(server.url, join(directory, 'query'));
    const endpoints = await askEndpoints({
      plan,
      engine,
      enginePid: server.pid,
      service,
      samples: await samplesOf(engine, plan, asking.asked + 20, QUESTION_SEED),
      coldSamples: await samplesOf(engine, plan, asking.cold, QUESTION_SEED + 1),
      coldQuestions: asking.cold,
      only: asking.only,
      say,
    });
    await service.child.stop();

    let peers: PeerFigures | null = null;
    if (peerActions > 0) {
      const peerPlan =
        peerActions === options.actions ? plan : planOf({ ...loaded.options, actions: peerActions });
      const samples = await samplesOf(engine, peerPlan, asking.asked, QUESTION_SEED);
      peers = await withCatalogue(engine, peerPlan, () =>
        askPeers({
          engine,
          enginePid: server.pid,
          plan: peerPlan,
          samples,
          peersDirectory: asking.peersDirectory,
          say,
        }),
      );
    }
    return { actions: plan.actions, ...size, loaded, endpoints, peers } as SizeFigures;
  } finally {
    await server.stop();
  }
};

/** How many times more rows are read for a question when there are more actions. */
const growthOf = (sizes: readonly SizeFigures[], say: (line: string) => void): object => {
  const [first, last] = [sizes[0]!, sizes.at(-1)!];
  say(`rows read, ${last.actions} actions beside ${first.actions}:`);
  return Object.fromEntries(
    Object.entries(last.endpoints).map(([name, figures]) => {
      const before = first.endpoints[name]?.rowsRead;
      const after = figures?.rowsRead;
      const ratio =
        before === undefined || after === undefined
          ? null
          : Math.round((100 * after) / Math.max(1, before)) / 100;
      if (ratio !== null) say(`${name.padEnd(30)} ${before} → ${after}: ${ratio} times`);
      return [name, ratio];
    }),
  );
};
