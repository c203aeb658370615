import type { Authority, Run } from '@whence/model';
import type { Credential, Grant } from '../credentials/credential-fields.ts';
import { globMatches } from '../credentials/glob.ts';
import { type Refusal, refused } from './refusal.ts';
import type { StartRequest } from './run-requests.ts';

export type GrantChoice =
  | { readonly status: 'granted'; readonly grant: Grant; readonly authority?: Authority }
  | Refusal<'principal_not_allowed' | 'principal_ambiguous' | 'job_not_allowed' | 'authority_not_allowed'>;

/**
 * The grant under which a request may run: principal first, then job, then authority; of several, the first of the file.
 *
 * The rule for principal: **a grant of the caller names it, whatever the parent run acts as.** A parent lends nobody
 * its principal.
 *
 * The rule for authority: **the grant's own where it names one, otherwise the parent run's, otherwise none.** Both are
 * on our side; a request can only confirm it. So a run is never allowed by more than what the operator wrote for its
 * credential or what already allowed the run that it came from.
 */
export const chooseGrant = (
  credential: Credential,
  { job, principal, authority }: StartRequest,
  inherited: Authority | undefined,
): GrantChoice => {
  const who = `credential ${credential.id}`;
  if (credential.grants.length === 0) {
    return refused('principal_not_allowed', `${who} may start no runs: it has no grants`);
  }

  const asPrincipal = credential.grants.filter((grant) =>
    principal === undefined ? true : grant.principal.id === principal,
  );
  if (asPrincipal.length === 0) {
    const may = listOf(credential.grants.map((grant) => grant.principal.id));
    return refused(
      'principal_not_allowed',
      `${who} asked to run as ${principal}; it may run as ${may}`,
      'principal',
    );
  }

  const forJob = asPrincipal.filter((grant) => allowsJob(grant, job));
  if (forJob.length === 0) {
    const may = listOf(asPrincipal.flatMap(({ jobs }) => jobs ?? []));
    const as = principal === undefined ? '' : ` as ${principal}`;
    return refused('job_not_allowed', `${who} asked to run job "${job}"${as}; it may run ${may}`, 'job');
  }

  const principals = new Set(forJob.map((grant) => grant.principal.id));
  if (principals.size > 1) {
    return refused(
      'principal_ambiguous',
      `${who} may run job "${job}" as ${listOf(principals)}: say which`,
      'principal',
    );
  }

  const authorities = forJob.map((grant) => ({ grant, authority: grant.authority ?? inherited }));
  const fitting = authorities.find((each) => authority === undefined || each.authority?.id === authority);
  if (fitting === undefined) {
    const may = listOf(authorities.map((each) => each.authority?.id ?? 'no named authority'));
    return refused(
      'authority_not_allowed',
      `${who} asked to run job "${job}" under ${authority}; what allows it is ${may}`,
      'authority',
    );
  }
  return {
    status: 'granted',
    grant: fitting.grant,
    ...(fitting.authority === undefined ? {} : { authority: fitting.authority }),
  };
};

/** Whether what the credential may do now still covers a run that was started with it. */
export const stillGranted = ({ grants }: Credential, { principal, job, authority }: Run): boolean =>
  grants.some(
    (grant) =>
      grant.principal.id === principal.id &&
      allowsJob(grant, job) &&
      (grant.authority === undefined || grant.authority.id === authority?.id),
  );

const allowsJob = ({ jobs }: Grant, job: string): boolean =>
  jobs === undefined || jobs.some((glob) => globMatches(glob, job));

const listOf = (names: Iterable<string>): string => [...new Set(names)].join(', ');
