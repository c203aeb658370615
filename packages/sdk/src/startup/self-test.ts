import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import type { Notices } from '../settings/notices.ts';
import { type KnownPackage, loadedUntraced, packagesFound } from './packages.ts';

/** What was found out while setting up. */
export interface Findings {
  /** What comes with Node, by whether it is patched. */
  readonly builtIn: Readonly<Record<string, boolean>>;
  /** Whether packages that ES modules import are patched. */
  readonly esModulesHooked: boolean;
  readonly instrumentations: readonly Instrumentation[];
  /** Files of CommonJS that were loaded when the set-up began. */
  readonly loadedBefore: readonly string[];
  readonly spansTo: string;
}

export const loadedNow = (): readonly string[] => Object.keys(createRequire(import.meta.url).cache);

/** Hosts have loaded what they need by then. */
const LATER_MILLIS = 5000;

/**
 * One line: what is traced and, should it be so, what is not. Again, of what the host has loaded since from where it
 * could not be seen, after a few seconds or at the end.
 */
export const tellFindings = (findings: Findings, notices: Notices): void => {
  const { builtIn, esModulesHooked, instrumentations, loadedBefore, spansTo } = findings;
  const packages = packagesFound(instrumentations, foldersOfHost(), loadedBefore);
  const traced = [
    ...Object.keys(builtIn).filter((name) => builtIn[name]),
    ...packages
      .filter(({ untraced }) => untraced === undefined)
      .map(({ name, version }) => `${name} ${version}`),
  ];
  const not = [
    ...Object.keys(builtIn).filter((name) => !builtIn[name]),
    ...(esModulesHooked ? [] : ['packages that ES modules import']),
    ...packages.filter(({ untraced }) => untraced !== undefined).map(sayUntraced),
  ];
  const text = `tracing ${traced.join(', ')}`;
  if (not.length === 0) notices.info(`${text}; spans to ${spansTo}`);
  else notices.warn(`${text}; NOT ${not.join(', NOT ')}; spans to ${spansTo}`);

  const told = new Set(packages.map(({ name }) => name));
  const tellLater = (): void => {
    for (const each of loadedUntraced(instrumentations)) {
      if (!told.has(each.name)) notices.warn(`not traced: ${sayUntraced(each)}`);
      told.add(each.name);
    }
  };
  setTimeout(tellLater, LATER_MILLIS).unref();
  process.once('beforeExit', tellLater);
};

const sayUntraced = ({ name, version, untraced }: KnownPackage): string => `${name} ${version} (${untraced})`;

const foldersOfHost = (): string[] => {
  const { argv } = process;
  return [...(argv[1] === undefined ? [] : [dirname(argv[1])]), process.cwd()];
};
