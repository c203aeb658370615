import { authorityOf } from '@whence/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Credential, Grant } from '../credentials/credential-fields.ts';
import { proofOfKey } from '../proof.fixture.ts';
import { chooseGrant } from './grant-choice.ts';

const PRINCIPALS = ['k8s://a/jobs/one', 'k8s://a/jobs/two', 'user:dana@example.com'] as const;
const AUTHORITIES = ['policy:one@1', 'policy:two@1', 'user:boss@example.com'] as const;
const JOBS = ['nightly', 'report'] as const;

const authority = fc.option(fc.constantFrom(...AUTHORITIES), { nil: undefined });
const grant: fc.Arbitrary<Grant> = fc
  .record({
    principal: fc.constantFrom(...PRINCIPALS),
    jobs: fc.option(fc.constantFrom(['nightly'], ['report'], ['*'], ['night*', 'x']), { nil: undefined }),
    authority,
  })
  .map(({ principal, jobs, authority }) => ({
    principal: { id: principal, kind: 'workload' },
    jobs,
    authority: authority === undefined ? undefined : authorityOf(authority),
  }));

const asked = fc.record({
  grants: fc.array(grant, { maxLength: 4 }),
  parent: authority,
  job: fc.constantFrom(...JOBS),
  principal: fc.option(fc.constantFrom(...PRINCIPALS), { nil: undefined }),
  authority,
});

const credentialOf = (grants: readonly Grant[]): Credential => ({
  id: 'c',
  tenant: 'default',
  actor: 'k8s://a/b',
  witness: 'sdk',
  sends: true,
  proof: proofOfKey('c'),
  grants,
});

type Asked = typeof asked extends fc.Arbitrary<infer Value> ? Value : never;

const choose = ({ grants, parent, job, principal, authority }: Asked) =>
  chooseGrant(
    credentialOf(grants),
    { job, attempt: 1, principal, authority },
    parent === undefined ? undefined : authorityOf(parent),
  );

const allows = (grant: Grant, job: string): boolean =>
  grant.jobs?.some((glob) => new RegExp(`^${glob.replace('*', '.*')}$`).test(job)) ?? true;

describe('whatever grants a credential has, below whatever parent', () => {
  const holds = (predicate: (asked: Asked, choice: ReturnType<typeof choose>) => void) =>
    fc.assert(
      fc.property(asked, (each) => predicate(each, choose(each))),
      { numRuns: 2_000 },
    );

  it('a run acts as a principal that a grant of its own names for its job', () => {
    holds(({ grants, job, principal }, choice) => {
      if (choice.status === 'refused') return;
      expect(grants).toContain(choice.grant);
      expect(allows(choice.grant, job)).toBe(true);
      if (principal !== undefined) expect(choice.grant.principal.id).toBe(principal);
    });
  });

  it('a run is allowed by its own grant, or by what allowed its parent: never by anything else', () => {
    holds(({ parent }, choice) => {
      if (choice.status === 'refused') return;
      expect(choice.authority?.id).toBe(choice.grant.authority?.id ?? parent);
    });
  });

  it('a request gets the authority that it names, or nothing', () => {
    holds(({ authority }, choice) => {
      if (choice.status === 'granted' && authority !== undefined) {
        expect(choice.authority?.id).toBe(authority);
      }
    });
  });

  it('an authority that neither the parent nor a grant for this principal and job has is out of reach', () => {
    holds(({ grants, parent, job, principal, authority }, choice) => {
      const reachable = grants
        .filter((each) => allows(each, job) && (principal ?? each.principal.id) === each.principal.id)
        .map((each) => each.authority?.id ?? parent);
      if (authority !== undefined && !reachable.includes(authority)) expect(choice.status).toBe('refused');
    });
  });

  it('what the parent is allowed by never decides as whom or what may be run', () => {
    holds((each, choice) => {
      const alone = choose({ ...each, parent: undefined });
      const isAboutAuthority = (made: typeof choice) =>
        made.status === 'refused' && made.code === 'authority_not_allowed';
      if (isAboutAuthority(choice) || isAboutAuthority(alone)) return;
      expect(choice.status).toBe(alone.status);
      if (choice.status === 'granted' && alone.status === 'granted' && each.authority === undefined) {
        expect(choice.grant).toBe(alone.grant);
      }
    });
  });

  it('a grant more takes nothing away that could be asked for by name', () => {
    fc.assert(
      fc.property(asked, grant, (each, more) => {
        fc.pre(each.principal !== undefined && each.authority !== undefined);
        if (choose(each).status === 'refused') return;
        expect(choose({ ...each, grants: [...each.grants, more] }).status).toBe('granted');
      }),
    );
  });
});

it('keeps the parent’s authority where the grant names none, and has its own where it names one', () => {
  const [plain, named] = [{}, { authority: authorityOf('policy:own@1')! }].map((more) => [
    { principal: { id: PRINCIPALS[0], kind: 'workload' as const }, ...more },
  ]);
  const below = (grants: readonly Grant[], authority?: string) =>
    chooseGrant(credentialOf(grants), { job: 'x', attempt: 1, authority }, authorityOf('policy:parent@1'));
  expect(below(plain!)).toMatchObject({ authority: { id: 'policy:parent@1' } });
  expect(below(named!)).toMatchObject({ authority: { id: 'policy:own@1' } });
  expect(below(named!, 'policy:parent@1')).toMatchObject({ code: 'authority_not_allowed' });
  expect(below([...named!, ...plain!], 'policy:parent@1')).toMatchObject({
    authority: { id: 'policy:parent@1' },
  });
});
