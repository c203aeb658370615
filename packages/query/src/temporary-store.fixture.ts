import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbedded } from '@whence/clickhouse-embedded';
import { openStore, type Store } from '@whence/store';

/** A store on an engine of its own, both gone after `remove`. For tests. */
export interface TemporaryStore {
  readonly store: Store;
  /** Of the engine. */
  readonly url: string;
  remove(): Promise<void>;
}

export const openTemporaryStore = async (): Promise<TemporaryStore> => {
  const directory = await mkdtemp(join(tmpdir(), 'whence-query-'));
  const engine = await startEmbedded({ dataDir: join(directory, 'data'), port: 0 });
  const store = await openStore({ url: engine.url });
  return {
    store,
    url: engine.url,
    remove: async () => {
      await store.close();
      await engine.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
};
