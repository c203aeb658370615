import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newKey } from '@whence/identity';
import { temporaryDirectory } from './take-down.ts';

export interface WorkloadGrant {
  readonly principal: { readonly id: string; readonly kind: string };
  readonly jobs?: readonly string[];
  readonly authority?: string;
}

export interface Workload {
  readonly id: string;
  readonly actor: string;
  readonly tenant?: string;
  readonly grants?: readonly WorkloadGrant[];
}

export interface CredentialsFile {
  readonly path: string;
  /** The key that each workload holds, by its id. */
  readonly keys: Readonly<Record<string, string>>;
}

export const writeCredentials = (trustDomain: string, workloads: readonly Workload[]): CredentialsFile => {
  const path = join(temporaryDirectory(), 'whence.yaml');
  const made = workloads.map((workload) => ({ workload, ...newKey(workload.id) }));
  const keys = made.map(({ workload, hash }) => ({ ...workload, hash }));
  // JSON is YAML.
  writeFileSync(path, JSON.stringify({ trustDomain, keys }, null, 2), { mode: 0o600 });
  return { path, keys: Object.fromEntries(made.map(({ workload, key }) => [workload.id, key])) };
};

export const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });
