import type { Random } from './random.ts';

export interface Service {
  readonly name: string;
  readonly namespace: string;
  readonly pods: number;
  readonly language: string;
  readonly version: string;
  /** The workload that its collector authenticates. */
  readonly actor: string;
}

const AREAS = [
  'billing',
  'payments',
  'orders',
  'search',
  'growth',
  'risk',
  'platform',
  'data',
  'ml',
  'support',
];
const ROLES = ['api', 'worker', 'gateway', 'ledger', 'store', 'mailer'];
const LANGUAGES = ['nodejs', 'nodejs', 'go', 'java', 'python'];

/** The witness on the connection of guarded databases. */
export const WITNESS_SERVICE = 0;

export const services = (random: Random): readonly Service[] => [
  service('whence-gateway', 'platform', random),
  ...AREAS.flatMap((area) => ROLES.map((role) => service(`${area}-${role}`, area, random))),
];

const service = (name: string, namespace: string, random: Random): Service => ({
  name,
  namespace,
  pods: random.logBetween(2, 12),
  language: random.pick(LANGUAGES),
  version: `${random.between(1, 9)}.${random.between(0, 40)}.${random.between(0, 20)}`,
  actor: `k8s://prod/${namespace}/${name}`,
});

/** Of each service: what a process says of itself. `{pod}` is the pod's number. */
export const resourceOf = ({
  name,
  namespace,
  language,
  version,
}: Service): Readonly<Record<string, string>> => ({
  'service.name': name,
  'service.namespace': namespace,
  'service.version': version,
  'deployment.environment.name': 'prod',
  'telemetry.sdk.language': language,
  'telemetry.sdk.name': 'opentelemetry',
  'telemetry.sdk.version': '2.3.0',
  'k8s.namespace.name': namespace,
  'k8s.pod.name': `${name}-7d9f{pod}`,
  'host.name': `${name}-7d9f{pod}`,
});
