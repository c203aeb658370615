import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbedded } from '@whence/clickhouse-embedded';
import { openStore, type Store } from '../open.ts';

/** A store on an engine of its own, both gone after `remove`. For tests. */
export interface TemporaryStore {
  readonly store: Store;
  /** Empties every table. */
  clear(): Promise<void>;
  remove(): Promise<void>;
}

const TABLES = [
  ...['otel_traces', 'runs', 'causes', 'revisions', 'gaps'],
  ...['principals_hourly', 'principals', 'footprints', 'target_totals'],
  'operations',
  ...['inherited_hourly', 'inherited_footprints', 'inherited_monthly'],
  ...['credential_records', 'credentials', 'credential_issues', 'credential_entries', 'credential_hours'],
  ...['principal_runs', 'principal_jobs', 'principal_owners'],
  ...['attributions', 'attribution_watches', 'attribution_progress'],
  ...[
    'findings',
    'finding_words',
    'finding_mutes',
    'finding_rule_settings',
    'finding_progress',
    'finding_deliveries',
  ],
  ...['scopes', 'process_sequences', 'job_workloads'],
];

export const openTemporaryStore = async (): Promise<TemporaryStore> => {
  const directory = await mkdtemp(join(tmpdir(), 'whence-readers-'));
  const engine = await startEmbedded({ dataDir: join(directory, 'data'), port: 0 });
  const store = await openStore({ url: engine.url });
  return {
    store,
    clear: async () => {
      for (const table of TABLES) await store.client.command({ query: `TRUNCATE TABLE ${table}` });
    },
    remove: async () => {
      await store.close();
      await engine.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
};
