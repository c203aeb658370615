import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { COLLECTOR_VARIABLES } from '@whence/collector';
import { readCredentials } from '@whence/identity';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const markdownIn = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => join(folder, path));

const READMES = ['packages', 'examples', 'bench'].flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .map((name) => join(folder, name, 'README.md'))
    .filter((path) => existsSync(join(ROOT, path))),
);
const DOCUMENTS = ['README.md', ...markdownIn('docs'), ...READMES];

const withoutCode = (text: string): string => text.replace(/^( *)```[\s\S]*?^\1```/gm, '');

/** As GitHub makes them of headings. */
const anchorsOf = (path: string): string[] =>
  [...withoutCode(read(path)).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

const section = (text: string, heading: string): string => {
  const [, body] = new RegExp(`^### ${heading}\\n([\\s\\S]*?)(?=^##|$(?![\\s\\S]))`, 'm').exec(text) ?? [];
  if (body === undefined) throw new Error(`there is no section "${heading}"`);
  return body;
};

/** Rows of a table of variables: name to default, empty where that is none. */
const variablesIn = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/^\| `([A-Z_]+)`\s*\| (?:`(.+?)`|none)\s*\| \S/gm)].map(([, name, fallback = '']) => [
      name,
      fallback,
    ]),
  );

describe('README.md', () => {
  const text = read('README.md');

  it('lists the variables of the collector, with their defaults', () => {
    const known = Object.values(COLLECTOR_VARIABLES).map((variable) => [variable.name, variable.default]);
    expect(variablesIn(section(text, 'Collector'))).toEqual(Object.fromEntries(known));
  });

  it('lists the variables of the query service, with their defaults', () => {
    // The service keeps its table to itself: it is read from the source.
    const source = read('packages/query/src/config.ts');
    const known = [...source.matchAll(/\bname: '([A-Z_]+)',?(?:\s*fallback: '([^']*)')?/g)];
    expect(known.length).toBeGreaterThan(5);
    expect(variablesIn(section(text, 'Query service'))).toEqual(
      Object.fromEntries(known.map(([, name, fallback = '']) => [name, fallback])),
    );
  });

  it('shows a credentials file that the collector reads', () => {
    const [, yaml] = /```yaml\n([\s\S]*?)```/.exec(text)!;
    expect([...readCredentials(yaml!, 'README.md').credentials.keys()]).toEqual(['scheduler', 'billing']);
  });

  it('has a line for each package', () => {
    const packages = readdirSync(join(ROOT, 'packages'));
    expect(packages.filter((name) => !text.includes(`| [packages/${name}](`))).toEqual([]);
  });

  it('names what npm installs as it is', () => {
    const { license } = JSON.parse(read('package.json')) as { license: string };
    expect(text).toContain(license);
  });
});

describe.each(DOCUMENTS)('%s', (path) => {
  const text = read(path);

  it('names only npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...text.matchAll(/\bnpm (?:run (?:-s )?([\w:-]+)|(start|test)\b)/g)].map(
      ([, script, short]) => script ?? short!,
    );
    expect(named.filter((script) => !Object.hasOwn(scripts, script))).toEqual([]);
  });

  it('links only to what is there', () => {
    const broken = [...withoutCode(text).matchAll(/\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)/g)]
      .filter(([, file, anchor]) => {
        const target = file === '' ? path : join(dirname(path), file!);
        if (!existsSync(join(ROOT, target))) return true;
        return anchor !== undefined && !anchorsOf(target).includes(anchor);
      })
      .map(([link]) => link);
    expect(broken).toEqual([]);
  });

  it('names only files of the repository that are there', () => {
    const named = [...text.matchAll(/`((?:packages|examples|bench|test|docs|scripts|\.ci)\/[\w./-]+)`/g)];
    const missing = named.map(([, file]) => file!).filter((file) => !existsSync(join(ROOT, file)));
    expect(missing).toEqual([]);
  });
});

it('docs/reliability.md quotes only tests that are in the files that it names', () => {
  const lines = read('docs/reliability.md').split('\n');
  const quoted = lines.flatMap((line) =>
    [...line.matchAll(/`((?:test|packages)\/[\w./-]+\.test\.ts)`:((?:,? “[^”]+”)+)/g)].flatMap(
      ([, file, titles]) =>
        [...titles!.matchAll(/“([^”]+)”/g)].map(([, title]) => ({ file: file!, title: title! })),
    ),
  );
  expect(quoted.length).toBeGreaterThan(60);
  expect(quoted.filter(({ file, title }) => !read(file).includes(title))).toEqual([]);
});

it('decisions are numbered without a gap, and each says its context, decision and consequences', () => {
  const files = readdirSync(join(ROOT, 'docs/decisions')).sort();
  expect(files.map((file) => Number(file.slice(0, 3)))).toEqual(files.map((_, index) => index + 1));
  for (const file of files) {
    expect(file).toMatch(/^\d{3}-[a-z0-9-]+\.md$/);
    const headings = [...read(`docs/decisions/${file}`).matchAll(/^(#+) (.+)$/gm)].map(
      ([, , title]) => title,
    );
    expect(headings).toEqual([expect.stringMatching(/^\d{3}\. /), 'Context', 'Decision', 'Consequences']);
    expect(headings[0]).toMatch(new RegExp(`^${file.slice(0, 3)}\\.`));
  }
});

it('.ci/run can be run', () => {
  expect(statSync(join(ROOT, '.ci/run')).mode & 0o111).toBe(0o111);
});
