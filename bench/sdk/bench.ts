import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { ask, type Child, startNode } from '../stage/child-process.ts';
import { median, rounded } from '../stage/figures.ts';
import { machine, machineLine } from '../stage/machine.ts';
import { FAN_OUT, type OperationName, type Question } from './operations.ts';

const ROUNDS = 21;
/** The first rounds also pay for compiling. */
const WARM_UP = 4;

/** How often in a round: about a tenth of a second, and less than the queues hold. */
const COUNTS: Readonly<Record<OperationName, number>> = {
  span: 20_000,
  action: 20_000,
  runStart: 5_000,
  inject: 100_000,
  extract: 100_000,
  extractHostile: 1_000,
  fanOut: 10 * FAN_OUT,
};

const OPEN = 20_000;

/** What an operation of the SDK costs a service, beside OpenTelemetry's own SDK 3, in interleaved rounds. */
export const run = async (say: (line: string) => void): Promise<object> => {
  say(machineLine());
  const receiver = createServer((request, response) => request.resume().on('end', () => response.end()));
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const environment = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`,
    WHENCE_SPOOL_DIR: 'off',
  };
  const start = async (file: string): Promise<Child> =>
    (await startNode(fileURLToPath(new URL(file, import.meta.url)), [], environment, ['--expose-gc'])).child;
  const sides = { plain: await start('plain.ts'), whence: await start('whence-sdk.ts') };

  const nanos = { plain: {} as Figures, whence: {} as Figures };
  for (const operation of Object.keys(COUNTS) as OperationName[]) {
    const question: Question = { operation, count: COUNTS[operation] };
    const taken = { plain: [] as number[], whence: [] as number[] };
    for (let round = 0; round < ROUNDS; round++) {
      for (const side of ['plain', 'whence'] as const) {
        const answer = await ask<number>(sides[side], question);
        if (round >= WARM_UP) taken[side].push(answer);
      }
    }
    nanos.plain[operation] = rounded(median(taken.plain), 0);
    nanos.whence[operation] = rounded(median(taken.whence), 0);
    say(`${operation}: plain ${nanos.plain[operation]} ns, whence ${nanos.whence[operation]} ns`);
  }
  const heap = { operation: 'heapPerOpen', count: OPEN } as const;
  const bytesPerOpen = {
    plain: rounded(await ask<number>(sides.plain, heap), 0),
    whence: rounded(await ask<number>(sides.whence, heap), 0),
  };
  say(`an open action holds: plain ${bytesPerOpen.plain} bytes, whence ${bytesPerOpen.whence} bytes`);
  await Promise.all(Object.values(sides).map((side) => side.stop()));
  receiver.close();
  receiver.closeAllConnections();

  const { span, action, runStart, inject, extract, extractHostile, fanOut } = nanos.whence;
  const ratioOf = (operation: OperationName): number =>
    rounded(nanos.whence[operation] / nanos.plain[operation], 3);
  return {
    bench: 'sdk',
    machine: machine(),
    nanos: {
      span: nanos.plain.span,
      action,
      runStart,
      inject,
      extract,
      extractHostile,
      fanOut,
      spanInRun: span,
    },
    plain: nanos.plain,
    ratio: {
      action: ratioOf('action'),
      spanInRun: ratioOf('span'),
      inject: ratioOf('inject'),
      extract: ratioOf('extract'),
      extractHostile: ratioOf('extractHostile'),
      fanOut: ratioOf('fanOut'),
    },
    addedNanos: { inject: inject - nanos.plain.inject, extract: extract - nanos.plain.extract },
    bytesPerOpen,
  };
};

type Figures = Record<OperationName, number>;
