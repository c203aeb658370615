import { readFileSync } from 'node:fs';
import { CodedError } from '@whence/model';
import { describe, expect, it } from 'vitest';
import { newKey } from './credential-key.ts';
import { readCredentials } from './credentials.ts';

const HASH = `sha256:${'ab'.repeat(32)}`;
const whole = `
trustDomain: bank.example
keys:
  - id: scheduler
    hash: ${HASH}
    tenant: acme
    actor: k8s://demo/jobs/scheduler
    witness: gateway
    grants:
      - principal: { id: 'k8s://demo/jobs/nightly', kind: scheduler }
        jobs: ['nightly-*']
        authority: policy:nightly-jobs@3
  - id: billing
    hash: sha256:${'cd'.repeat(32)}
    actor: k8s://demo/billing
`;

const faultsOf = (text: string): string[] => {
  try {
    readCredentials(text, 'keys.yaml');
  } catch (error) {
    expect(error).toBeInstanceOf(CodedError);
    expect(error).toMatchObject({ code: 'credentials_invalid' });
    return (error as Error).message.split('\n');
  }
  throw new Error('no fault found');
};

describe('readCredentials', () => {
  it('reads the whole of it, with what may be left out', () => {
    const set = readCredentials(whole, 'keys.yaml');
    expect(set.trustDomain).toBe('bank.example');
    expect(set.credentials.get('scheduler')).toEqual({
      id: 'scheduler',
      tenant: 'acme',
      actor: 'k8s://demo/jobs/scheduler',
      witness: 'gateway',
      grants: [
        {
          principal: { id: 'k8s://demo/jobs/nightly', kind: 'scheduler' },
          jobs: ['nightly-*'],
          authority: { kind: 'policy', id: 'policy:nightly-jobs@3' },
        },
      ],
      sends: true,
      proof: expect.objectContaining({ id: 'key:scheduler' }),
    });
    expect(set.credentials.get('billing')).toEqual({
      id: 'billing',
      tenant: 'default',
      actor: 'k8s://demo/billing',
      witness: 'sdk',
      grants: [],
      sends: true,
      proof: {
        kind: 'key',
        id: 'key:billing',
        entryId: 'key:billing',
        fingerprint: 'cd'.repeat(8),
        issuer: 'bank.example',
        subject: 'billing',
        issuedAtMillis: 0,
        expiresAtMillis: 0,
      },
    });
    expect(set.hashes.get('billing')?.toString('hex')).toBe('cd'.repeat(32));
  });

  it('reads JSON as well', () => {
    const text = JSON.stringify({ trustDomain: 'd', keys: [{ id: 'a', hash: HASH, actor: 'k8s://a/b' }] });
    expect([...readCredentials(text, 'keys.json').credentials.keys()]).toEqual(['a']);
  });

  it('names every fault at once, and where it is', () => {
    const faults = faultsOf(`
trustDomain: Bank Example
extra: 1
keys:
  - id: UPPER
    hash: md5:00
    actor: not a uri
    surprise: true
    tenant: -x
    witness: someone
    grants:
      - principal: { id: 'nobody', kind: root }
        jobs: []
        authority: role:admin
      - principal: { id: 'k8s://a/b', kind: workload }
        jobs: ["a\\nb"]
`);
    expect(faults[0]).toBe('keys.yaml: 13 faults');
    expect(faults.slice(1).map((line) => line.trim().split(': ')[0])).toEqual([
      'trustDomain',
      'keys[0].id',
      'keys[0].hash',
      'keys[0].tenant',
      'keys[0].witness',
      'keys[0].grants[0].principal.id',
      'keys[0].grants[0].principal.kind',
      'keys[0].grants[0].jobs',
      'keys[0].grants[0].authority',
      'keys[0].grants[1].jobs[0]',
      'keys[0].actor',
      'keys[0]',
      '(the file)',
    ]);
    expect(faults.at(-2)).toContain('surprise');
    expect(faults.at(-1)).toContain('extra');
  });

  it('finds an id and a hash given twice', () => {
    const key = (id: string, hash: string) => ({ id, hash, actor: 'k8s://a/b' });
    const other = `sha256:${'00'.repeat(32)}`;
    const faults = faultsOf(
      JSON.stringify({ trustDomain: 'd', keys: [key('a', HASH), key('a', other), key('b', HASH)] }),
    );
    expect(faults.slice(1)).toEqual([
      '  keys[1].id: is that of keys[0] as well',
      '  keys[2].hash: is that of keys[0] as well',
    ]);
  });

  it.each([
    ['an empty file', '', '(the file)'],
    ['a list', '[]', '(the file)'],
    ['no keys', 'trustDomain: d', 'keys'],
    ['a broken line', 'trustDomain: d\nkeys: [\n', 'line 3'],
    ['a field given twice', 'trustDomain: d\ntrustDomain: e\nkeys: []', 'line 2'],
  ])('refuses %s', (_, text, where) => {
    expect(faultsOf(text)[1]).toContain(where);
  });

  it('repeats no key, wherever one was put by mistake', () => {
    const { key } = newKey('a');
    const secret = key.slice('whk_a_'.length);
    for (const text of [
      `trustDomain: d\nkeys:\n  - id: a\n    hash: ${key}\n    actor: k8s://a/b\n`,
      `trustDomain: d\nkeys:\n  - id: ${key}\n    hash: ${HASH}\n    actor: ${key}\n`,
      `trustDomain: ${key}\nkeys: []`,
      `trustDomain: d\n${key}: 1\nkeys: []`,
      `trustDomain: d\nkeys: []\n${key}`,
      `${key}: [`,
    ]) {
      expect(faultsOf(text).join('\n')).not.toContain(secret);
    }
  });
});

it('refuses an alias that stands for nothing', () => {
  expect(() => readCredentials('keys: *nobody', 'whence.yaml')).toThrow(
    expect.objectContaining({ code: 'credentials_invalid' }),
  );
});

it('reads the example of README.md', () => {
  const text = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const yaml = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, example]) => example!);
  const set = readCredentials(yaml.find((example) => example.includes('jwksCa:'))!, 'README.md');
  expect([set.issuers.size, set.certificates.length, set.limits.size]).toEqual([3, 2, 1]);
});

describe('issuers, certificates and limits', () => {
  const grants = [{ principal: { id: 'k8s://demo/jobs/nightly', kind: 'scheduler' }, jobs: ['nightly-*'] }];
  const workloads = [{ subject: 'a*', actor: 'k8s://prod/{sub}', tenant: 'acme', grants }];

  it('are read, with what may be left out', () => {
    const set = readCredentials(
      JSON.stringify({
        trustDomain: 'd',
        issuers: [
          { issuer: 'https://a.example/', audience: 'whence', workloads },
          { issuer: 'b', audience: ['x', 'y'], jwksFile: 'keys/b.json', algorithms: ['PS256'], workloads },
          { issuer: 'c', audience: 'x', jwks: 'https://c.example/k', jwksCa: '/ca.pem', workloads },
        ],
        certificates: [{ san: 'spiffe://d/a', tenant: 'acme' }],
        tenants: [{ id: 'acme', bytesPerSecond: 1_000, burstBytes: 5_000 }],
      }),
      '/etc/whence/whence.yaml',
    );
    expect([...set.issuers.values()]).toMatchObject([
      {
        audience: ['whence'],
        algorithms: ['RS256', 'ES256', 'EdDSA'],
        keys: { kind: 'discovery', url: 'https://a.example/.well-known/openid-configuration', access: {} },
        workloads: [{ tenant: 'acme', witness: 'sdk', grants }],
      },
      {
        audience: ['x', 'y'],
        algorithms: ['PS256'],
        keys: { kind: 'file', path: '/etc/whence/keys/b.json' },
      },
      { keys: { kind: 'jwks', url: 'https://c.example/k', access: { caPath: '/ca.pem' } } },
    ]);
    expect(set.limits.get('acme')).toEqual({ bytesPerSecond: 1_000, burstBytes: 5_000 });
  });

  it('name every fault at once, beside those of keys', () => {
    const faults = faultsOf(`
trustDomain: d
keys:
  - { id: UPPER, hash: ${HASH}, actor: 'k8s://a/b' }
issuers:
  - issuer: https://a.example
    audience: []
    algorithms: [none]
    workloads: []
  - issuer: http://a.example
    audience: whence
    jwks: http://a.example/keys
    workloads:
      - { actor: billing, subject: 7, secret: x }
      - { actor: 'k8s://a/b' }
  - { issuer: c, audience: whence, jwks: 'https://user:pass@c.example', workloads: [{ subject: a, actor: 'x:y' }] }
certificates:
  - { san: '', actor: 'x:y' }
  - { san: mail.example }
tenants:
  - { id: Noisy, bytesPerSecond: -1, burstBytes: 0.5 }
`);
    expect(faults.slice(1).map((line) => line.trim().split(': ')[0])).toEqual([
      'keys[0].id',
      'issuers[0].audience',
      'issuers[0].algorithms[0]',
      'issuers[0].workloads',
      'issuers[1].jwks',
      'issuers[1].workloads[0].subject[0]',
      'issuers[1].workloads[0].actor',
      'issuers[1].workloads[0]',
      'issuers[1].workloads[1]',
      'issuers[2].jwks',
      'certificates[0].san',
      'certificates[1].actor',
      'tenants[0].id',
      'tenants[0].bytesPerSecond',
      'tenants[0].burstBytes',
    ]);
    expect(faults.join()).not.toContain('pass@');
  });

  it.each(['none', 'HS256', 'HS512', 'RSA-OAEP', 'rs256'])('never take the algorithm %s', (algorithm) => {
    const issuer = { issuer: 'https://a.example', audience: 'x', algorithms: [algorithm], workloads };
    expect(faultsOf(JSON.stringify({ trustDomain: 'd', issuers: [issuer] }))[1]).toContain('algorithms[0]');
  });

  it.each([
    [
      'an issuer given twice',
      { issuers: [0, 1].map(() => ({ issuer: 'https://a', audience: 'x', workloads })) },
      'issuers[1].issuer',
    ],
    [
      'a certificate given twice',
      { certificates: [{ san: 'spiffe://d/a' }, { san: 'spiffe://d/a' }] },
      'certificates[1].san',
    ],
    [
      'an issuer whose keys are nowhere',
      { issuers: [{ issuer: 'spiffe://d', audience: 'x', workloads }] },
      'issuers[0].jwks',
    ],
    [
      'keys in two places',
      { issuers: [{ issuer: 'a', audience: 'x', workloads, jwks: 'https://a', jwksFile: 'b' }] },
      'issuers[0].jwksFile',
    ],
    ['a limit of nobody', { keys: [], tenants: [{ id: 'acme', bytesPerSecond: 1 }] }, 'tenants[0].id'],
    ['nobody', {}, '(the file)'],
  ])('refuse %s', (_, sections, where) => {
    expect(faultsOf(JSON.stringify({ trustDomain: 'd', ...sections }))[1]).toContain(where);
  });
});
