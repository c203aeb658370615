import type { Action } from '@whence/model';

/** What the nightly job brings about, five ways, and the deepest thing at the end of each. */
export const EXPECTED: Readonly<Record<string, (action: Action) => boolean>> = {
  'the run itself': ({ service, name }) => service === 'scheduler' && name === 'nightly-reconcile',
  'SQL: UPDATE accounts': did('scheduler', 'UPDATE accounts'),
  'HTTP: the call at billing': ({ service, kind }) => service === 'billing' && kind === 'server',
  'HTTP: UPDATE invoices': did('billing', 'UPDATE invoices'),
  'HTTP: INSERT INTO charges': did('billing', 'INSERT INTO charges'),
  'queue: the job sent': ({ service, kind }) => service === 'scheduler' && kind === 'producer',
  'queue: the job done': ({ service, kind }) => service === 'notifier' && kind === 'consumer',
  'queue: INSERT INTO notifications': did('notifier', 'INSERT INTO notifications'),
  'child process: SELECT sum': did('report', 'SELECT sum'),
  'child process: INSERT INTO reports': did('report', 'INSERT INTO reports'),
  'gRPC: the call at fx': ({ service, kind }) => service === 'fx' && kind === 'server',
};

function did(service: string, statement: string) {
  return (action: Action): boolean =>
    action.service === service && action.statement?.startsWith(statement) === true;
}

export const missingFrom = (actions: readonly Action[]): readonly string[] =>
  Object.entries(EXPECTED)
    .filter(([, matches]) => !actions.some(matches))
    .map(([what]) => what);
