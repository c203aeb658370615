import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type FakeIssuer, fakeIssuer } from '../testkit/fake-issuer.ts';
import { httpIssuer } from './http-issuer.ts';
import type { StartRequest } from './issuer.ts';

const REQUEST: StartRequest = { job: 'nightly', trigger: 'schedule', attempt: 1 };

let fake: FakeIssuer;
beforeAll(async () => {
  fake = await fakeIssuer();
});
afterEach(() => fake.clear());
afterAll(() => fake.close());

describe('httpIssuer', () => {
  it('asks with the key, and gives back the run and its reference', async () => {
    const answer = await httpIssuer(fake.url, 'wk_1.secret').start({ ...REQUEST, principal: 'user:dana' });
    expect(answer).toMatchObject({
      status: 'started',
      run: { job: 'nightly', principal: { id: 'user:dana' } },
    });
    expect(fake.requests).toMatchObject([
      {
        path: '/v1/runs',
        authorization: 'Bearer wk_1.secret',
        body: { job: 'nightly', trigger: 'schedule', attempt: 1, principal: 'user:dana' },
      },
    ]);
  });

  it('asks without one where there is none', async () => {
    await httpIssuer(fake.url, undefined).start(REQUEST);
    expect(fake.requests[0]!.authorization).toBeUndefined();
  });

  it('takes what a run is stated by, and asks for it anew', async () => {
    const issuer = httpIssuer(fake.url, 'wk_1.secret');
    fake.txnToken = 'e30.e30.c2ln';
    expect(await issuer.start(REQUEST)).toMatchObject({ status: 'started', txnToken: 'e30.e30.c2ln' });
    fake.answers.push({ status: 201, body: { txnToken: 'e30.e31.c2ln' } });
    expect(await issuer.token('a-run')).toBe('e30.e31.c2ln');
    expect(fake.requests.at(-1)).toMatchObject({
      path: '/v1/runs/a-run/token',
      authorization: 'Bearer wk_1.secret',
    });
  });

  it.each([
    [201, { txnToken: 'not a token' }],
    [201, { txnToken: 7 }],
    [201, null],
    [409, { code: 'run_ended' }],
  ])('has no token where the issuer gives none: %i %j', async (status, body) => {
    fake.answers.push({ status, body });
    expect(await httpIssuer(fake.url, 'k').token('a-run')).toBeUndefined();
  });

  it('ends a run', async () => {
    const answer = await httpIssuer(fake.url, 'k').end('a-run', {
      outcome: 'failure',
      message: 'no such table',
    });
    expect(answer).toEqual({ status: 'ended' });
    expect(fake.requests).toMatchObject([
      { path: '/v1/runs/a-run/end', body: { outcome: 'failure', message: 'no such table' } },
    ]);
  });

  it.each([400, 401, 403, 404, 409, 422])('takes %i for a no, once', async (status) => {
    fake.answers.push({ status, body: { code: 'job_not_allowed', detail: 'this key may not run nightly' } });
    expect(await httpIssuer(fake.url, 'k').start(REQUEST)).toEqual({
      status: 'refused',
      httpStatus: status,
      code: 'job_not_allowed',
      detail: 'this key may not run nightly',
    });
    expect(fake.requests).toHaveLength(1);
  });

  it('says the status where a no has no words', async () => {
    fake.answers.push({ status: 403, body: 'no' });
    expect(await httpIssuer(fake.url, 'k').start(REQUEST)).toEqual({
      status: 'refused',
      httpStatus: 403,
      detail: 'the issuer answered 403',
    });
  });

  it.each([500, 503, 429, 408])('tries again after %i', async (status) => {
    fake.answers.push({ status, body: {} });
    expect(await httpIssuer(fake.url, 'k').start(REQUEST)).toMatchObject({ status: 'started' });
    expect(fake.requests).toHaveLength(2);
  });

  it('asks for one run with one key, however often, and for another with another', async () => {
    fake.answers.push({ status: 503, body: {} }, { status: 500, body: {} });
    const issuer = httpIssuer(fake.url, 'k');
    await issuer.start(REQUEST);
    await issuer.start(REQUEST);
    const [first, second, third, other] = fake.requests.map(({ idempotencyKey }) => idempotencyKey);
    expect(first).toMatch(/^"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"$/);
    expect([second, third]).toEqual([first, first]);
    expect(other).toMatch(/^"[0-9a-f-]{36}"$/);
    expect(other).not.toBe(first);
  });

  it('needs no key to end a run: that is the same, however often', async () => {
    await httpIssuer(fake.url, 'k').end('a-run', { outcome: 'success' });
    expect(fake.requests[0]!.idempotencyKey).toBeUndefined();
  });

  it('gives up on one that does not answer, in time', async () => {
    fake.answers.push('hang', 'hang', 'hang');
    const began = performance.now();
    expect(await httpIssuer(fake.url, 'k', 400).start(REQUEST)).toMatchObject({ status: 'unreachable' });
    expect(performance.now() - began).toBeLessThan(2000);
  });

  it('gives up in time, also where the clock is set back by a day meanwhile', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const began = performance.now();
      const answer = httpIssuer('http://127.0.0.1:1', 'k', 1000).start(REQUEST);
      vi.setSystemTime(Date.now() - 86_400_000);
      expect(await answer).toMatchObject({ status: 'unreachable' });
      expect(performance.now() - began).toBeLessThan(2000);
    } finally {
      vi.useRealTimers();
    }
  });

  it('gives up on one that is not there, and waits less for it the next time', async () => {
    const issuer = httpIssuer('http://127.0.0.1:1', 'k', 1500);
    expect(await issuer.start(REQUEST)).toMatchObject({ status: 'unreachable' });
    const began = performance.now();
    const answer = await issuer.start(REQUEST);
    expect(answer).toMatchObject({
      status: 'unreachable',
      reason: expect.stringMatching(/ECONNREFUSED|bad port/),
    });
    expect(performance.now() - began).toBeLessThan(1000);
  });

  it.each([[{}], [{ run: { id: 'x' }, reference: 'y' }], ['text'], [null]])(
    'takes an answer without a run and its reference for none: %j',
    async (body) => {
      fake.answers.push({ status: 201, body });
      expect(await httpIssuer(fake.url, 'k').start(REQUEST)).toMatchObject({ status: 'unreachable' });
    },
  );
});
