/** `npm run demo`: everything up, the nightly job run, and "who caused this?" answered. */
import { readCommandLine, USAGE } from './demo/command-line.ts';
import { interruption } from './demo/interruption.ts';
import { createNarrator } from './demo/narrator.ts';
import { createProcesses } from './demo/processes.ts';
import { tell } from './demo/story.ts';

const INTERRUPTED = 130;

const options = (() => {
  try {
    return readCommandLine(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
})();
if (options.help) {
  console.log(USAGE);
  process.exit(0);
}

const narrator = createNarrator(options.json ? process.stderr : process.stdout);
const interrupted = interruption();
const stack = new AsyncDisposableStack();
const failure = Promise.withResolvers<never>();
failure.promise.catch(() => {});
const onFailure = failure.reject;
const processes = createProcesses(onFailure);

const play = async (): Promise<number> => {
  const answer = await Promise.race([
    tell({ narrator, processes, onFailure, stack }),
    failure.promise,
    interrupted.then(() => undefined),
  ]);
  if (answer === undefined) return INTERRUPTED;
  if (options.json) console.log(JSON.stringify(answer));
  if (options.once) return 0;
  narrator.say('\nEverything stays up until Ctrl-C.');
  await Promise.race([interrupted, failure.promise]);
  return 0;
};

const code = await play().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  return 1;
});
await narrator.during('stopping everything', stack.disposeAsync());
process.exit(code);
