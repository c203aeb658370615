import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** Who may import whom. What is not listed is forbidden. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  model: [],
  ledger: ['model'],
  identity: ['model'],
  store: ['model'],
  sdk: ['model'],
  'clickhouse-embedded': [],
  collector: ['model', 'identity', 'ledger', 'store'],
  gateway: ['model', 'identity'],
  query: ['model', 'identity', 'ledger', 'store'],
  web: ['model'],
  cli: [
    'model',
    'identity',
    'ledger',
    'store',
    'sdk',
    'clickhouse-embedded',
    'collector',
    'gateway',
    'query',
  ],
};

/** Starts a process, which gets the environment of this one and more. */
const PASSES_ENVIRONMENT_ON = ['packages/clickhouse-embedded/src/start-embedded.ts'];

/** Packages that tests may use beside, as real parts: declared as dev dependencies. */
const TESTS_MAY_IMPORT = ['clickhouse-embedded', 'store', 'identity', 'collector', 'sdk', 'query'];

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const STATIC_IMPORT = /(?:^|\n)(?:(?:import|export)\s[^;'"=()]*?\sfrom|import)\s+['"]([^'"\n]+)['"]/g;
const DYNAMIC_IMPORT = /\bimport(?:\.meta\.resolve)?\(\s*['"]([^'"\n]+)['"]/g;
const NAME_SAYS_NOTHING = /(^|\/)(utils?|helpers?|common|misc|types)(\.ts|\/)/;

interface Source {
  readonly path: string;
  readonly text: string;
}

const sourcesIn = (folder: string): Source[] =>
  readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.tsx?$/.test(path) && !path.includes('node_modules'))
    .map((path) => ({ path: `${folder}/${path}`, text: readFileSync(`${ROOT}${folder}/${path}`, 'utf8') }));

const importsOf = ({ text }: Source): string[] =>
  [...text.matchAll(STATIC_IMPORT), ...text.matchAll(DYNAMIC_IMPORT)].map(([, name]) => name!);

const isTest = ({ path }: Source): boolean => /\.(test|fixture)\.ts$|\/testkit\//.test(path);

const manifestOf = (folder: string) => {
  const manifest = JSON.parse(readFileSync(`${ROOT}${folder}/package.json`, 'utf8')) as {
    dependencies?: Record<string, string>;
    devDependencies?: Record<string, string>;
  };
  return {
    runtime: Object.keys(manifest.dependencies ?? {}),
    dev: Object.keys(manifest.devDependencies ?? {}),
  };
};

const packageName = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

const isExternal = (specifier: string): boolean => !/^(\.|node:|virtual:|\$)/.test(specifier);

const packages = readdirSync(`${ROOT}packages`);

describe.each(packages)('package %s', (name) => {
  const sources = sourcesIn(`packages/${name}/src`);
  const { runtime, dev } = manifestOf(`packages/${name}`);
  const rootDev = manifestOf('.').dev;

  it('is one that the plan knows', () => {
    expect(Object.keys(MAY_IMPORT)).toContain(name);
  });

  it('imports only the packages of ours that it may', () => {
    const bad = sources.flatMap((source) =>
      importsOf(source)
        .filter((specifier) => specifier.startsWith('@whence/'))
        .map((specifier) => packageName(specifier).slice('@whence/'.length))
        .filter((other) => other !== name)
        .filter((other) => !MAY_IMPORT[name]!.includes(other))
        .filter((other) => !(isTest(source) && TESTS_MAY_IMPORT.includes(other)))
        .map((other) => `${source.path} imports ${other}`),
    );
    expect(bad).toEqual([]);
  });

  it('declares what it imports', () => {
    const undeclared = sources.flatMap((source) =>
      importsOf(source)
        .filter(isExternal)
        .map(packageName)
        .filter((other) => other !== `@whence/${name}`)
        .filter((other) => !runtime.includes(other))
        .filter((other) => !(isTest(source) && (dev.includes(other) || rootDev.includes(other))))
        .map((other) => `${source.path} imports ${other}`),
    );
    expect(undeclared).toEqual([]);
  });

  it('reaches no other package by a path', () => {
    const reaching = sources.flatMap((source) =>
      importsOf(source)
        .filter((specifier) => specifier.startsWith('.'))
        .filter((specifier) => {
          const depth = source.path.split('/').length - 4;
          return (specifier.match(/\.\.\//g)?.length ?? 0) > depth;
        })
        .map((specifier) => `${source.path} imports ${specifier}`),
    );
    expect(reaching.filter((line) => !line.includes('package.json'))).toEqual([]);
  });

  it('has a public face of named re-exports and nothing else', () => {
    const face = readFileSync(`${ROOT}packages/${name}/src/index.ts`, 'utf8');
    const statements = face
      .replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
      .replace(/export (type )?\{[^}]*\} from '[^']+';/g, '');
    expect(statements.trim()).toBe('');
  });

  it('has files that are named for what they hold', () => {
    expect(sources.map(({ path }) => path).filter((path) => NAME_SAYS_NOTHING.test(path))).toEqual([]);
    expect(
      sources.map(({ path }) => path.split('/').at(-1)!).filter((file) => !/^[a-z0-9.-]+$/.test(file)),
    ).toEqual([]);
  });

  it('reads the environment and ends the process only in main.ts', () => {
    if (name === 'sdk') return; // It runs in other people's processes: `register` is its main.
    const wild = sources
      .filter((source) => !isTest(source) && !source.path.endsWith('main.ts'))
      .filter(({ path }) => !PASSES_ENVIRONMENT_ON.includes(path))
      .filter(({ text }) => /\bprocess\.(env\b|exit\()/.test(text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')))
      .map(({ path }) => path);
    expect(wild).toEqual([]);
  });
});

it('only packages/store knows SQL', () => {
  const sql = /\b(?:SELECT\s+[\w*(`][\s\S]{0,200}\bFROM|INSERT\s+INTO|CREATE\s+TABLE|ALTER\s+TABLE)\b/;
  const knowing = packages
    .filter((name) => !['store', 'clickhouse-embedded'].includes(name))
    .flatMap((name) => sourcesIn(`packages/${name}/src`))
    .filter((source) => !isTest(source))
    .filter(({ text }) => sql.test(text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')))
    .map(({ path }) => path);
  expect(knowing).toEqual([]);
});
