import { describe, expect, it } from 'vitest';
import type { Claims } from './claim-path.ts';
import { recogniseWorkload, workloadRule } from './workload-rule.ts';

const recognise = (rules: readonly object[], claims: Claims) => {
  const recognised = recogniseWorkload(
    rules.map((rule) => workloadRule.parse(rule)),
    claims,
  );
  return recognised.status === 'recognised' ? recognised.credential.actor : recognised;
};

const NOBODY = { status: 'unrecognised', detail: 'no workload of the issuer fits it' };

/** A bound service account token, as the API server makes it. */
const kubernetes = {
  aud: ['whence'],
  iss: 'https://kubernetes.default.svc.cluster.local',
  sub: 'system:serviceaccount:prod:billing',
  'kubernetes.io': {
    namespace: 'prod',
    node: { name: 'node-7', uid: 'a' },
    pod: { name: 'billing-5d9', uid: 'b' },
    serviceaccount: { name: 'billing', uid: 'c' },
  },
};

const github = {
  sub: 'repo:acme/payments:ref:refs/heads/main',
  repository: 'acme/payments',
  repository_id: '456',
  repository_owner: 'acme',
  workflow: 'Deploy to prod',
  ref: 'refs/heads/main',
  run_attempt: '1',
};

/** Of a repository made after 15 July 2026. */
const githubImmutable = { ...github, sub: 'repo:acme@123/payments@456:ref:refs/heads/main' };

describe('Kubernetes', () => {
  it.each([
    [
      { subject: 'system:serviceaccount:prod:*', actor: 'k8s://c1/{kubernetes.io/serviceaccount/name}' },
      'k8s://c1/billing',
    ],
    [
      {
        claims: { 'kubernetes.io/namespace': 'prod' },
        actor: 'k8s://c1/{kubernetes.io/namespace}/{kubernetes.io/pod/name}',
      },
      'k8s://c1/prod/billing-5d9',
    ],
    [{ subject: kubernetes.sub, actor: 'k8s://c1/prod/billing' }, 'k8s://c1/prod/billing'],
  ])('%j', (rule, actor) => {
    expect(recognise([rule], kubernetes)).toBe(actor);
  });

  it('is of nobody in another namespace', () => {
    const rule = { subject: 'system:serviceaccount:prod:*', actor: 'k8s://c1/x' };
    for (const sub of [
      'system:serviceaccount:production:billing',
      'x:system:serviceaccount:prod:billing',
      7,
    ]) {
      expect(recognise([rule], { ...kubernetes, sub })).toEqual(NOBODY);
    }
  });
});

describe('GitHub Actions', () => {
  it.each([github, githubImmutable])('by claims, whatever the form of $sub', (claims) => {
    const rule = {
      claims: { repository: 'acme/payments', ref: 'refs/heads/main' },
      actor: 'github://{+repository}/{workflow}',
    };
    expect(recognise([rule], claims)).toBe('github://acme/payments/Deploy%20to%20prod');
    expect(recognise([rule], { ...claims, ref: 'refs/heads/topic' })).toEqual(NOBODY);
    expect(recognise([rule], { ...claims, repository: 'acme/payments2' })).toEqual(NOBODY);
  });

  it('by the subject, in either form', () => {
    const subject = ['repo:acme/payments:*', 'repo:acme@123/payments@456:*'];
    const rule = { subject, actor: 'github://acme/payments' };
    for (const claims of [github, githubImmutable]) {
      expect(recognise([rule], claims)).toBe('github://acme/payments');
    }
    expect(recognise([rule], { ...github, sub: 'repo:acme@999/payments@456:ref:refs/heads/main' })).toEqual(
      NOBODY,
    );
  });

  it('by a number, which YAML reads as one', () => {
    expect(recognise([{ claims: { repository_id: 456 }, actor: 'github://x' }], github)).toBe('github://x');
  });
});

it('SPIFFE: the subject is the actor', () => {
  const rule = { subject: 'spiffe://acme.internal/ns/prod/*', actor: '{+sub}' };
  const sub = 'spiffe://acme.internal/ns/prod/sa/billing';
  expect(recognise([rule], { sub })).toBe(sub);
  expect(recognise([rule], { sub: 'spiffe://evil.internal/ns/prod/sa/billing' })).toEqual(NOBODY);
});

describe('rules', () => {
  it('the first that fits counts', () => {
    const rules = [
      { subject: 'a*', actor: 'x:first' },
      { subject: '*', actor: 'x:second' },
    ];
    expect(recognise(rules, { sub: 'ab' })).toBe('x:first');
    expect(recognise(rules, { sub: 'b' })).toBe('x:second');
  });

  it('every claim must be there; of a list one element must fit', () => {
    const rule = { claims: { groups: ['ops', 'ci-*'], admin: true }, actor: 'x:y' };
    expect(recognise([rule], { groups: ['dev', 'ci-7'], admin: true })).toBe('x:y');
    expect(recognise([rule], { groups: ['dev'], admin: true })).toEqual(NOBODY);
    expect(recognise([rule], { groups: ['ops'] })).toEqual(NOBODY);
    expect(recognise([rule], { groups: { ops: 'ops' }, admin: true })).toEqual(NOBODY);
    expect(recognise([rule], { groups: [['ops']], admin: true })).toEqual(NOBODY);
  });

  it('no claim is found where objects have members of their own accord', () => {
    for (const path of ['constructor', 'constructor/name', 'toString', 'kubernetes.io/constructor/name']) {
      expect(recognise([{ claims: { [path]: '*' }, actor: 'x:y' }], kubernetes)).toEqual(NOBODY);
    }
  });

  it('a claim whose own name has slashes is found by it', () => {
    const claims = { 'https://acme.example/role': 'ops' };
    expect(recognise([{ claims: { 'https://acme.example/role': 'ops' }, actor: 'x:y' }], claims)).toBe('x:y');
  });

  it.each([
    ['nobody in particular', { actor: 'x:y' }, /every token/],
    ['no actor', { subject: 'a' }, /actor|Invalid/],
    ['an actor that is no URI', { subject: 'a', actor: 'billing' }, /URI/],
    ['an actor with a blank', { subject: 'a', actor: 'x:a b' }, /URI/],
    ['a brace left open', { subject: 'a', actor: 'x:{sub' }, /URI/],
    ['an empty brace', { subject: 'a', actor: 'x:{}' }, /URI/],
    ['a fraction', { claims: { a: 1.5 }, actor: 'x:y' }, /text/],
    ['no subject in a list', { subject: [], actor: 'x:y' }, /nothing|empty|Invalid/i],
    ['an unknown field', { subject: 'a', actor: 'x:y', tenants: 'a' }, /tenants/],
  ])('is refused: %s', (_, rule, why) => {
    const { error } = workloadRule.safeParse(rule);
    expect(error?.issues.map(({ message }) => message).join()).toMatch(why);
  });
});

describe('what a claim puts into an actor', () => {
  const actorOf = (sub: unknown, actor = 'k8s://prod/{sub}/end') =>
    recognise([{ claims: { a: 1 }, actor }], { a: 1, sub });
  const UNFIT = { status: 'unrecognised', detail: 'its claim "sub" cannot be part of an actor' };

  it.each([
    ['billing', 'k8s://prod/billing/end'],
    ['a/../admin', 'k8s://prod/a%2F..%2Fadmin/end'],
    ['a?b#c', 'k8s://prod/a%3Fb%23c/end'],
    ['100%2F', 'k8s://prod/100%252F/end'],
    ['a b\n\u202e', 'k8s://prod/a%20b%0A%E2%80%AE/end'],
    ['a:b@c', 'k8s://prod/a:b@c/end'],
    [7, 'k8s://prod/7/end'],
  ])('%j', (sub, actor) => {
    expect(actorOf(sub)).toBe(actor);
  });

  it('keeps its slashes where the file says so, and nothing else', () => {
    expect(actorOf('a/b?c', 'x:{+sub}')).toBe('x:a/b%3Fc');
  });

  it.each(['', undefined, null, {}, ['a'], '\ud800', 'x'.repeat(600), 'x'.repeat(3_000)])(
    'nothing: %j',
    (sub) => {
      expect(actorOf(sub)).toEqual(UNFIT);
    },
  );

  it('is a URI in the end', () => {
    expect(actorOf('no uri', '{+sub}')).toEqual(UNFIT);
    expect(actorOf('spiffe://a/b', '{+sub}')).toBe('spiffe://a/b');
  });
});
