/**
 * Builds every package for publishing: `dist/<name>/` is what `npm publish` would take.
 *
 * Compiled is what the entries of a package reach (`exports` and `bin` of its manifest), so that tests, test kits and
 * fixtures stay out by themselves. Sources keep their place below `src/`: what they look for beside themselves
 * (`../schema/`, `../package.json`) is where it was.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly devDependencies?: unknown;
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PACKAGES = join(ROOT, 'packages');
const DIST = join(ROOT, 'dist');
/** Of a package's folder; all else goes along as it is. */
const NOT_COPIED = new Set(['src', 'dist', 'node_modules', 'package.json']);
/**
 * A relative module that is named as source. The compiler rewrites imports in `.js`; it leaves those in `.d.ts`, and
 * what is looked up by address: `new URL('./main.ts', import.meta.url)`.
 */
const SOURCE_NAMED = /((?:\bfrom|\bimport|\bimport\(|\bnew URL\()\s*['"]\.{1,2}\/[^'"]+)\.ts(?=['"])/g;

const build = (): void => {
  const packages = readdirSync(PACKAGES).map((folder) => ({ folder, manifest: manifestOf(folder) }));
  rmSync(DIST, { recursive: true, force: true });
  mkdirSync(DIST);
  compile(packages.flatMap(({ folder, manifest }) => entriesOf(manifest).map((file) => join(folder, file))));
  for (const { folder, manifest } of packages) {
    finishSources(join(DIST, folder, 'src'));
    copyAssets(folder);
    writeFileSync(
      join(DIST, folder, 'package.json'),
      `${JSON.stringify(publishedManifest(manifest), null, 2)}\n`,
    );
    for (const file of Object.values(manifest.bin ?? {}))
      chmodSync(join(DIST, folder, compiled(file)), 0o755);
    console.log(`${manifest.name.padEnd(28)} ${relative(ROOT, join(DIST, folder))}`);
  }
};

const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(PACKAGES, folder, 'package.json'), 'utf8')) as Manifest;

const entriesOf = ({ exports, bin = {} }: Manifest): readonly string[] => [
  ...Object.values(exports),
  ...Object.values(bin),
];

const compile = (entries: readonly string[]): void => {
  const config = join(DIST, 'tsconfig.json');
  const files = entries.map((entry) => join('..', 'packages', entry));
  writeFileSync(config, JSON.stringify({ extends: '../tsconfig.build.json', files }));
  const tsc = fileURLToPath(import.meta.resolve('typescript/package.json'));
  execFileSync(process.execPath, [join(tsc, '..', 'bin', 'tsc'), '-p', config], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  rmSync(config);
};

const finishSources = (folder: string): void => {
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!/\.(js|d\.ts)$/.test(path)) continue;
    const file = join(folder, path);
    writeFileSync(file, readFileSync(file, 'utf8').replace(SOURCE_NAMED, '$1.js'));
  }
};

const copyAssets = (folder: string): void => {
  for (const name of readdirSync(join(PACKAGES, folder))) {
    if (!NOT_COPIED.has(name))
      cpSync(join(PACKAGES, folder, name), join(DIST, folder, name), { recursive: true });
  }
  cpSync(join(ROOT, 'LICENSE'), join(DIST, folder, 'LICENSE'));
};

const publishedManifest = ({ devDependencies: _, ...manifest }: Manifest) => ({
  ...manifest,
  exports: Object.fromEntries(
    Object.entries(manifest.exports).map(([name, file]) => [
      name,
      { types: file.replace(/\.ts$/, '.d.ts'), default: compiled(file) },
    ]),
  ),
  ...(manifest.bin === undefined
    ? {}
    : {
        bin: Object.fromEntries(Object.entries(manifest.bin).map(([name, file]) => [name, compiled(file)])),
      }),
});

const compiled = (file: string): string => file.replace(/\.ts$/, '.js');

build();
