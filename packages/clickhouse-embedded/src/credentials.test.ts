import { describe, expect, test } from 'vitest';
import { authenticate } from './credentials.ts';
import { readUrlParameters } from './request-parameters.ts';

const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});
const secret = 'p:ä%&';
/** As a header arrives: bytes held as latin1. */
const key = Buffer.from(secret).toString('latin1');

describe('the password is taken', () => {
  test.each([
    ['in headers', { 'x-clickhouse-user': 'default', 'x-clickhouse-key': key }, ''],
    ['by HTTP Basic', basic('default', secret), ''],
    ['in the URL', {}, `?user=default&password=${encodeURIComponent(secret)}`],
    ['in the URL, for the default user', {}, `?password=${encodeURIComponent(secret)}`],
  ])('%s', (_, headers, url) => {
    expect(() => authenticate(headers, readUrlParameters(url), secret)).not.toThrow();
  });
});

describe('refused', () => {
  test.each([
    ['nothing offered', {}, '', 'REQUIRED_PASSWORD'],
    ['a wrong password', basic('default', 'wrong'), '', 'AUTHENTICATION_FAILED'],
    ['an empty password', basic('default', ''), '', 'AUTHENTICATION_FAILED'],
    ['another user', basic('admin', secret), '', 'AUTHENTICATION_FAILED'],
    ['no user', basic('', secret), '', 'AUTHENTICATION_FAILED'],
    ['a wrong key', { 'x-clickhouse-user': 'default', 'x-clickhouse-key': 'x' }, '', 'AUTHENTICATION_FAILED'],
    ['a wrong password in the URL', {}, '?password=x', 'AUTHENTICATION_FAILED'],
    ['another scheme', { authorization: 'Bearer x' }, '', 'AUTHENTICATION_FAILED'],
    [
      'two ways at once',
      { ...basic('default', secret), 'x-clickhouse-user': 'default', 'x-clickhouse-key': key },
      '',
      'AUTHENTICATION_FAILED',
    ],
    ['Basic and URL at once', basic('default', secret), '?user=default', 'AUTHENTICATION_FAILED'],
  ])('%s', (_, headers, url, codeName) => {
    expect(() => authenticate(headers, readUrlParameters(url), secret)).toThrow(
      expect.objectContaining({ codeName }),
    );
  });
});

test('without a password only the default user exists, with an empty one', () => {
  const none = readUrlParameters('');
  expect(() => authenticate({}, none, '')).not.toThrow();
  expect(() => authenticate(basic('default', ''), none, '')).not.toThrow();
  expect(() => authenticate(basic('default', 'guess'), none, '')).toThrow();
  expect(() => authenticate(basic('someone', ''), none, '')).toThrow();
});
