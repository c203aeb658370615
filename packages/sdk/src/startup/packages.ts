import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { satisfies } from 'semver';

/** A package of the host that we know how to trace. */
export interface KnownPackage {
  readonly name: string;
  readonly version: string;
  /** Undefined where it is traced. */
  readonly untraced: string | undefined;
}

/** What an instrumentation patches, and what it noted when that was loaded. */
interface ModuleDefinition {
  readonly name: string;
  readonly supportedVersions: readonly string[];
  readonly files?: readonly { readonly name: string; readonly supportedVersions: readonly string[] }[];
  readonly moduleVersion?: string;
}

/** The known packages that a module in one of `folders` would find, and whether their versions are traced. */
export const packagesFound = (
  instrumentations: readonly Instrumentation[],
  folders: readonly string[],
  loadedBefore: readonly string[],
): readonly KnownPackage[] =>
  [...rangesOf(instrumentations)].flatMap(([name, ranges]) => {
    const version = versionOf(name, folders);
    if (version === undefined) return [];
    const early = loadedBefore.some((path) => path.includes(`/node_modules/${name}/`));
    return [{ name, version, untraced: early ? 'it was loaded before Whence' : outside(version, ranges) }];
  });

/** Those that were loaded since, wherever they were found, in a version that is not traced. */
export const loadedUntraced = (instrumentations: readonly Instrumentation[]): readonly KnownPackage[] =>
  instrumentations.flatMap((instrumentation) => {
    const ranges = rangesOf([instrumentation]);
    return modulesOf(instrumentation).flatMap(({ name, moduleVersion: version }) => {
      const untraced = version === undefined ? undefined : outside(version, ranges.get(name) ?? []);
      return version === undefined || untraced === undefined ? [] : [{ name, version, untraced }];
    });
  });

const outside = (version: string, ranges: readonly string[]): string | undefined =>
  ranges.length === 0 || ranges.some((range) => satisfies(version, range, { includePrerelease: true }))
    ? undefined
    : `traced are ${ranges.join(', ')}`;

const rangesOf = (instrumentations: readonly Instrumentation[]): Map<string, string[]> => {
  const ranges = new Map<string, string[]>();
  for (const { name, supportedVersions, files = [] } of instrumentations.flatMap(modulesOf)) {
    const all = [...supportedVersions, ...files.flatMap((file) => file.supportedVersions)];
    ranges.set(name, [...new Set([...(ranges.get(name) ?? []), ...all])]);
  }
  return ranges;
};

/** Every instrumentation that is built on OpenTelemetry's base class has them, though not by its interface. */
const modulesOf = (instrumentation: Instrumentation): readonly ModuleDefinition[] => {
  const { _modules: modules } = instrumentation as { _modules?: readonly ModuleDefinition[] };
  return Array.isArray(modules) ? modules : [];
};

const versionOf = (name: string, folders: readonly string[]): string | undefined => {
  for (const folder of folders.flatMap(upwards)) {
    try {
      const { version } = JSON.parse(
        readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8'),
      );
      if (typeof version === 'string') return version;
    } catch {}
  }
  return undefined;
};

const upwards = (folder: string): string[] => {
  const above = dirname(folder);
  return above === folder ? [folder] : [folder, ...upwards(above)];
};
