import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  InstrumentationBase,
  InstrumentationNodeModuleDefinition,
  InstrumentationNodeModuleFile,
} from '@opentelemetry/instrumentation';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadedUntraced, packagesFound } from './packages.ts';

class QueueInstrumentation extends InstrumentationBase {
  constructor() {
    super('test', '1.0.0', { enabled: false });
  }

  init() {
    const file = new InstrumentationNodeModuleFile(
      'queue/old.js',
      ['^0.9.0'],
      (exports) => exports,
      () => {},
    );
    return [new InstrumentationNodeModuleDefinition('queue', ['>=2 <4'], undefined, undefined, [file])];
  }
}

let host: string;
beforeEach(() => {
  host = mkdtempSync(join(tmpdir(), 'whence-sdk-host-'));
  mkdirSync(join(host, 'src', 'jobs'), { recursive: true });
});
afterEach(() => rmSync(host, { recursive: true, force: true }));

const install = (version: string, folder = host) => {
  const path = join(folder, 'node_modules', 'queue');
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'package.json'), JSON.stringify({ name: 'queue', version }));
};
const found = (loadedBefore: string[] = []) =>
  packagesFound([new QueueInstrumentation()], [join(host, 'src', 'jobs')], loadedBefore);

describe('packagesFound', () => {
  it('finds what a module of the host would, and its version', () => {
    expect(found()).toEqual([]);
    install('3.1.0');
    expect(found()).toEqual([{ name: 'queue', version: '3.1.0', untraced: undefined }]);
    install('2.0.0', join(host, 'src'));
    expect(found()).toMatchObject([{ version: '2.0.0' }]);
  });

  it.each(['3.0.0-rc.1', '0.9.4'])(
    'takes %s for traced: an early release, and one that is patched in a file',
    (version) => {
      install(version);
      expect(found()).toMatchObject([{ untraced: undefined }]);
    },
  );

  it('says which versions are traced where this one is not', () => {
    install('4.0.0');
    expect(found()).toMatchObject([{ untraced: 'traced are >=2 <4, ^0.9.0' }]);
  });

  it('says that it came too late', () => {
    install('3.1.0');
    expect(found([`${host}/node_modules/queue/index.js`])).toMatchObject([
      { untraced: 'it was loaded before Whence' },
    ]);
  });

  it('passes over a package without a version', () => {
    install('3.1.0');
    writeFileSync(join(host, 'node_modules', 'queue', 'package.json'), '{');
    expect(found()).toEqual([]);
  });
});

describe('loadedUntraced', () => {
  it('has what was loaded since, from wherever, in a version that is not traced', () => {
    const instrumentation = new QueueInstrumentation();
    expect(loadedUntraced([instrumentation])).toEqual([]);
    const [definition] = (instrumentation as unknown as { _modules: { moduleVersion?: string }[] })._modules;
    definition!.moduleVersion = '3.0.0';
    expect(loadedUntraced([instrumentation])).toEqual([]);
    definition!.moduleVersion = '1.0.0';
    expect(loadedUntraced([instrumentation])).toMatchObject([{ name: 'queue', version: '1.0.0' }]);
  });
});
