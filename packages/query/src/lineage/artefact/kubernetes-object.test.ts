import { expect, test } from 'vitest';
import { objectPath } from './kubernetes-object.ts';

test.each([
  ['prod/deployments/web', '/namespaces/prod/deployments/web'],
  ['prod/deployment/web', '/namespaces/prod/deployments/web'],
  ['prod/deploy/web', '/namespaces/prod/deployments/web'],
  ['Prod/Ingress/web', '/namespaces/prod/ingresses/web'],
  ['prod/networkpolicy/deny-all', '/namespaces/prod/networkpolicies/deny-all'],
  ['prod/secrets/db.password', '/namespaces/prod/secrets/db.password'],
  ['nodes/worker-1', '/nodes/worker-1'],
  ['ns/prod', '/namespaces/prod'],
])('%s is %s', (text, path) => {
  expect(objectPath(text)).toBe(path);
});

test.each([
  '',
  'web',
  'a/b/c/d',
  'prod//web',
  '/prod/pods/web',
  'prod/pods/we%b',
  'prod/pods/-web',
  "prod/pods/' OR 1",
])('%s is no object', (text) => {
  expect(objectPath(text)).toBeUndefined();
});
