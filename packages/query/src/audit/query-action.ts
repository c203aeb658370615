import { hostname } from 'node:os';
import { type Principal, QUERY_ATTRIBUTES, WHENCE_QUERY } from '@whence/model';
import type { OwnAction } from '@whence/store';
import type { Asker } from '../api/asker.ts';
import { VERSION } from '../version.ts';
import { type AskedQuery, isRefused } from './asked-query.ts';

const OWN = {
  service: WHENCE_QUERY.service,
  version: VERSION,
  host: hostname(),
  system: WHENCE_QUERY.system,
  actor: WHENCE_QUERY.actor,
};

/** A request as an action of whoever asked. @param tenantOfNobody whose record has what nobody known has asked */
export const actionOfQuery = (query: AskedQuery, tenantOfNobody: string): OwnAction => {
  const { asker, traceId, spanId, startedAtMillis, durationNanos, method, line, caller } = query;
  return {
    ...OWN,
    traceId,
    spanId,
    startedAtMillis,
    durationNanos,
    tenant: asker?.tenant ?? tenantOfNobody,
    name: `${method} ${query.route}`,
    operation: WHENCE_QUERY.operation,
    target: `whence://query${pathIn(line)}`,
    statement: line,
    ...(isRefused(query) || query.status >= 500 ? { failure: query.problem ?? String(query.status) } : {}),
    ...(asker?.proven === true
      ? {
          principal: principalOf(asker),
          authority: `policy:whence-query/${asker.role}`,
          assurance: 'verified',
        }
      : { assurance: 'none' }),
    attributes: attributesOf(query),
    links: caller === undefined ? [] : [caller],
  };
};

/** What was asked for, as of any HTTP target without the parameters: those are in the statement. */
const pathIn = (line: string): string => line.slice(line.indexOf(' ') + 1).split('?', 1)[0] ?? '';

/** What stands for requests that are not recorded one by one. */
export const actionOfDropped = (
  dropped: { readonly count: number; readonly reasons: string; readonly sinceMillis: number },
  ids: Pick<OwnAction, 'traceId' | 'spanId'>,
  tenant: string,
): OwnAction => ({
  ...OWN,
  ...ids,
  tenant,
  startedAtMillis: dropped.sinceMillis,
  durationNanos: Math.max(0, Date.now() - dropped.sinceMillis) * 1e6,
  name: WHENCE_QUERY.droppedOperation,
  operation: WHENCE_QUERY.droppedOperation,
  target: 'whence://query',
  statement: `${dropped.count} not recorded one by one (${dropped.reasons})`,
  failure: dropped.reasons,
  assurance: 'none',
  attributes: { [QUERY_ATTRIBUTES.dropped]: String(dropped.count) },
  links: [],
});

const attributesOf = (query: AskedQuery): Record<string, string> => {
  const values: Partial<Record<keyof typeof QUERY_ATTRIBUTES, string | number | undefined>> = {
    method: query.method,
    route: query.route,
    status: query.status,
    role: query.asker?.role,
    rows: query.rows,
    problem: query.problem,
    client: query.client,
    forwardedFor: query.forwardedFor,
    userAgent: query.userAgent,
  };
  return Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [QUERY_ATTRIBUTES[name as keyof typeof QUERY_ATTRIBUTES], String(value)]),
  );
};

/** A credential says who acts, not of what kind: `user:` is a person, everything else a program. */
const principalOf = ({ principal }: Asker): Principal => ({
  id: principal,
  kind: principal.startsWith('user:') ? 'human' : 'workload',
});
