import { parseReference, type ReferenceTrust, type Run, verifyReference } from '@whence/model';
import { type Refusal, refused } from './refusal.ts';

export type RunParent =
  | { readonly status: 'proven'; readonly run: Run }
  | Refusal<'invalid_request' | 'parent_unproven' | 'parent_refuted' | 'parent_unknown'>;

/**
 * The run that a parent reference proves. One that has ended is as good a parent as any: work handed to a queue or
 * a schedule outlives what handed it over.
 *
 * @param find looks up within the caller's tenant only: another tenant's run is as unknown as one that never was
 */
export const findParent = async (
  text: string,
  trust: ReferenceTrust,
  find: (runId: string) => Promise<Run | undefined>,
): Promise<RunParent> => {
  const parsed = parseReference(text);
  if (parsed.status === 'malformed') {
    return refused('invalid_request', 'parent: not a reference (<run>.<kid>.<mac>)', 'parent');
  }
  const { runId } = parsed.reference;
  const verdict = verifyReference(parsed.reference, trust);
  if (verdict.assurance === 'asserted') {
    return refused(
      'parent_unproven',
      `the parent reference names run ${runId} but carries no MAC, so anyone could have written it; start the parent at this issuer`,
      'parent',
    );
  }
  if (verdict.assurance === 'refuted') {
    const why =
      verdict.reason === 'unknown_kid'
        ? 'its key id is not one of ours'
        : `its MAC is not the one that we give run ${runId} in trust domain ${trust.trustDomain}`;
    return refused('parent_refuted', `the parent reference fails its check: ${why}`, 'parent');
  }
  const run = await find(runId);
  return run === undefined
    ? refused(
        'parent_unknown',
        `the parent reference is genuine, but there is no run ${runId} here`,
        'parent',
      )
    : { status: 'proven', run };
};
