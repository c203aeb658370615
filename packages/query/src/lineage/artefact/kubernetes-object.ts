/** Names that people use, and what the API calls them. */
const SHORT: Readonly<Record<string, string>> = {
  cm: 'configmaps',
  cj: 'cronjobs',
  deploy: 'deployments',
  ds: 'daemonsets',
  hpa: 'horizontalpodautoscalers',
  ing: 'ingresses',
  netpol: 'networkpolicies',
  no: 'nodes',
  ns: 'namespaces',
  po: 'pods',
  pv: 'persistentvolumes',
  pvc: 'persistentvolumeclaims',
  rs: 'replicasets',
  sa: 'serviceaccounts',
  sts: 'statefulsets',
  svc: 'services',
};

const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/**
 * How the address of an object at the Kubernetes API ends (`/namespaces/prod/deployments/web`), from
 * `prod/deployments/web`, `prod/deploy/web`, or for what has no namespace `nodes/worker-1`.
 *
 * @returns undefined where the text is none of these.
 */
export const objectPath = (text: string): string | undefined => {
  const parts = text.toLowerCase().split('/');
  if (!parts.every((part) => NAME.test(part))) return undefined;
  const [namespace, resource, name] = parts.length === 2 ? ['', ...parts] : parts;
  if (parts.length > 3 || resource === undefined || name === undefined) return undefined;
  const path = `/${plural(resource)}/${name}`;
  return namespace === '' ? path : `/namespaces/${namespace}${path}`;
};

const plural = (resource: string): string => {
  const known = SHORT[resource];
  if (known !== undefined) return known;
  if (/(ss|x|ch)$/.test(resource)) return `${resource}es`;
  if (/[^aeiou]y$/.test(resource)) return `${resource.slice(0, -1)}ies`;
  return resource.endsWith('s') ? resource : `${resource}s`;
};
