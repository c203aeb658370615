/** `npm run bench -- NAME [--json]`: each bench is a folder with a README; the last line printed is one JSON object. */
import { existsSync, readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';

const names = readdirSync(new URL('.', import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(new URL(`${entry.name}/bench.ts`, import.meta.url)))
  .map((entry) => entry.name);

const { positionals, values } = parseArgs({
  allowPositionals: true,
  strict: false,
  options: { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
});
const [name] = positionals;

if (values.help === true || name === undefined || !names.includes(name)) {
  console.error(`usage: npm run bench -- NAME [--json] [options of the bench]\nbenches: ${names.join(', ')}`);
  process.exit(values.help === true ? 0 : 2);
}

const { run } = (await import(`./${name}/bench.ts`)) as {
  run: (say: (line: string) => void, args: readonly string[]) => Promise<object>;
};
const say = values.json === true ? (line: string) => console.error(line) : console.log;
console.log(JSON.stringify(await run(say, process.argv.slice(3))));
