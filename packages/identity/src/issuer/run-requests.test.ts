import { describe, expect, it } from 'vitest';
import { parseEndRequest, parseStartRequest } from './run-requests.ts';

describe('parseStartRequest', () => {
  it('takes the least and the most', () => {
    expect(parseStartRequest({ job: 'nightly' })).toEqual({
      status: 'parsed',
      request: { job: 'nightly', attempt: 1 },
    });
    const most = {
      job: 'nightly',
      principal: 'k8s://demo/nightly',
      trigger: 'schedule',
      attempt: 3,
      authority: 'policy:p@1',
      parent: 'AZifPGsdelOLjnwffx8qEA',
    };
    expect(parseStartRequest(most)).toEqual({ status: 'parsed', request: most });
  });

  it.each([
    ['no object', undefined, undefined],
    ['null', null, undefined],
    ['a list', [], 'job'],
    ['no job', {}, 'job'],
    ['an empty job', { job: '' }, 'job'],
    ['a job with a line end', { job: 'a\nb' }, 'job'],
    ['a principal that is no URI', { job: 'a', principal: 'nightly' }, 'principal'],
    ['an unknown trigger', { job: 'a', trigger: 'cron' }, 'trigger'],
    ['attempt 0', { job: 'a', attempt: 0 }, 'attempt'],
    ['half an attempt', { job: 'a', attempt: 1.5 }, 'attempt'],
    ['an attempt as text', { job: 'a', attempt: '1' }, 'attempt'],
    ['an authority of no kind', { job: 'a', authority: 'admin' }, 'authority'],
    ['a parent that is too long', { job: 'a', parent: 'x'.repeat(65) }, 'parent'],
    ['null for absent', { job: 'a', parent: null }, 'parent'],
  ])('refuses %s', (_, body, field) => {
    const parsed = parseStartRequest(body);
    expect(parsed).toMatchObject({ status: 'refused', code: 'invalid_request' });
    if (field !== undefined && !Array.isArray(body)) expect(parsed).toMatchObject({ field });
  });

  it('names every fault, and what it does not know', () => {
    const parsed = parseStartRequest({ job: '', attempt: 0, tenant: 'acme' });
    expect(parsed).toMatchObject({
      field: 'job',
      detail: expect.stringMatching(/job: .*attempt: .*tenant/s),
    });
  });
});

describe('parseEndRequest', () => {
  it('takes an outcome and a message', () => {
    expect(parseEndRequest({ outcome: 'failure', message: 'no funds' })).toEqual({
      status: 'parsed',
      request: { outcome: 'failure', message: 'no funds' },
    });
  });

  it('cuts a long message, and says so in it', () => {
    const parsed = parseEndRequest({ outcome: 'failure', message: 'x'.repeat(5_000) });
    if (parsed.status !== 'parsed') throw new Error('refused');
    expect(parsed.request.message).toHaveLength(2_000);
    expect(parsed.request.message).toMatch(/^x+ … \(5000 characters, cut\)$/);
  });

  it.each([
    [{}],
    [{ outcome: 'ok' }],
    [{ outcome: 'success', message: 1 }],
    [{ outcome: 'success', at: 'now' }],
  ])('refuses %j', (body) => {
    expect(parseEndRequest(body)).toMatchObject({ status: 'refused', code: 'invalid_request' });
  });
});
