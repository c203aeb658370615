import type { PrincipalKind } from '@whence/model';
import type { Random } from './random.ts';

export interface WorkPrincipal {
  readonly id: string;
  readonly kind: PrincipalKind;
  /** What allows its runs. */
  readonly authority: string;
  /** The workload that asks the issuer for them. */
  readonly actor: string;
}

export const PRINCIPALS = 4_000;
const NAMESPACES = [
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
const WORDS = [
  'reconcile',
  'export',
  'sync',
  'cleanup',
  'report',
  'rebuild',
  'notify',
  'import',
  'settle',
  'score',
];

/** The first ones act most. */
export const principals = (random: Random): readonly WorkPrincipal[] =>
  Array.from({ length: PRINCIPALS }, (_, index) => principal(index, random));

const principal = (index: number, random: Random): WorkPrincipal => {
  const namespace = random.pick(NAMESPACES);
  const job = `${random.pick(WORDS)}-${index}`;
  const policy = `policy:${namespace}-jobs@${random.between(1, 40)}`;
  const inCluster = `k8s://prod/${namespace}/${job}`;
  const share = random.next();
  if (share < 0.45) return { id: inCluster, kind: 'scheduler', authority: policy, actor: inCluster };
  if (share < 0.7) {
    const id = `github://acme/${namespace}-${index % 200}/${job}.yml`;
    return { id, kind: 'ci_runner', authority: policy, actor: id };
  }
  if (share < 0.85) {
    const id = `spiffe://acme.example/agent/${job}`;
    return {
      id,
      kind: 'agent',
      authority: `approval:${((index * 2654435761) % 2 ** 32).toString(16)}`,
      actor: id,
    };
  }
  if (share < 0.95) return { id: inCluster, kind: 'service_account', authority: policy, actor: inCluster };
  const id = `user:person-${index}@acme.example`;
  return { id, kind: 'human', authority: id, actor: 'k8s://prod/platform/console' };
};
