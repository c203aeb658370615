import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NODE_FLAGS } from '@whence/collector/node-flags';
import { newKey } from '@whence/identity';
import { type Child, startNode } from './child-process.ts';
import { eventually } from './eventually.ts';

/** The real collector in a process of its own: authentication by a static key, spool on disk, attribution on. */
export interface WhenceCollector {
  readonly child: Child;
  readonly url: string;
  /** What a sender sends with every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Starts that many runs at the issuer; resolves with the `tracestate` that each gives to its spans. */
  startRuns(count: number): Promise<readonly string[]>;
  metrics(): Promise<Metrics>;
}

/** Series of a name added up, of those whose labels hold `label`; undefined where there is none. */
export type Metrics = (name: string, label?: string) => number | undefined;

const PRINCIPAL = { id: 'k8s://bench/jobs/nightly', kind: 'scheduler' };

export const startWhence = async (
  directory: string,
  storeUrl: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<WhenceCollector> => {
  mkdirSync(directory, { recursive: true });
  const { key, hash } = newKey('bench');
  const credentials = join(directory, 'whence.yaml');
  const actor = 'k8s://bench/apps/orders';
  const grants = [{ principal: PRINCIPAL, authority: 'policy:bench@1' }];
  // JSON is YAML.
  const keys = [{ id: 'bench', hash, actor, grants }];
  writeFileSync(credentials, JSON.stringify({ trustDomain: 'bench', keys }), { mode: 0o600 });
  const { child, ready: url } = await startNode(
    fileURLToPath(import.meta.resolve('@whence/collector/main')),
    [],
    {
      WHENCE_CONFIG: credentials,
      WHENCE_DATA_DIR: join(directory, 'data'),
      WHENCE_COLLECTOR_PORT: '0',
      WHENCE_CLICKHOUSE_URL: storeUrl,
      LOG_LEVEL: 'warn',
      ...environment,
    },
    NODE_FLAGS,
  );
  const headers = { authorization: `Bearer ${key}` };
  await eventually('the collector to reach the store', async () => {
    const readiness = (await (await fetch(`${url}/readyz`)).json()) as { readonly store: string };
    return readiness.store === 'open';
  });
  const startRun = async (): Promise<string> => {
    const response = await fetch(`${url}/v1/runs`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ job: 'bench', trigger: 'schedule' }),
    });
    const text = await response.text();
    if (response.status !== 201) throw new Error(`POST /v1/runs: ${response.status} ${text}`);
    return (JSON.parse(text) as { readonly traceState: string }).traceState;
  };
  return {
    child,
    url,
    headers,
    startRuns: (count) => Promise.all(Array.from({ length: count }, startRun)),
    metrics: async () => {
      const lines = (await (await fetch(`${url}/metrics`)).text()).split('\n');
      return (name, label = '') => {
        const series = lines.filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
        if (series.length === 0) return undefined;
        return series
          .filter((line) => line.includes(label))
          .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
      };
    },
  };
};
