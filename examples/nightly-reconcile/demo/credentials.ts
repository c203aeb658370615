import { newKey } from '@whence/identity';

/** The workloads of the demo, each with a key of its own. */
export const WORKLOADS = ['scheduler', 'report', 'billing', 'fx', 'notifier'] as const;

export type Workload = (typeof WORKLOADS)[number];

export interface Credentials {
  /** What each workload presents. */
  readonly keys: Readonly<Record<Workload, string>>;
  /** whence.yaml: who may run what, as whom, allowed by what. It has the keys' hashes only. */
  readonly yaml: string;
}

/** The jobs that a workload may run as the nightly principal. The others run none: they only do what they are asked. */
const JOBS: Partial<Record<Workload, string>> = { scheduler: 'nightly-*', report: 'report' };

/** Fresh keys each time. */
export const newCredentials = (): Credentials => {
  const made = WORKLOADS.map((workload) => ({ workload, ...newKey(workload) }));
  return {
    keys: Object.fromEntries(made.map(({ workload, key }) => [workload, key])) as Record<Workload, string>,
    yaml: `trustDomain: demo\n# So that the lines to paste need no key.\nloopback: { role: reader }\nkeys:\n${made.map(({ workload, hash }) => entry(workload, hash)).join('')}`,
  };
};

const entry = (workload: Workload, hash: string): string => `
  - id: ${workload}
    hash: ${hash}
    actor: k8s://demo/apps/${workload}
${grant(JOBS[workload])}`;

const grant = (job: string | undefined): string =>
  job === undefined
    ? ''
    : `    grants:
      - principal: { id: "k8s://demo/jobs/nightly", kind: scheduler }
        jobs: ["${job}"]
        authority: policy:nightly-jobs@3
`;
