import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { clickHouseError } from './clickhouse-error.ts';
import type { RequestParameters } from './request-parameters.ts';

/**
 * Checks who asks, in the ways ClickHouse has: `X-ClickHouse-User` and `X-ClickHouse-Key`, HTTP Basic, or
 * `user` and `password` in the URL; not two of them at once. There is one user, `default`.
 *
 * @param password what is asked for; empty accepts `default` without one
 * @throws ClickHouseError AUTHENTICATION_FAILED, or REQUIRED_PASSWORD when nothing was offered
 */
export function authenticate(headers: IncomingHttpHeaders, url: RequestParameters, password: string): void {
  const offered = readCredentials(headers, url);
  const rightUser = offered.user === 'default';
  const rightPassword = sameSecret(offered.password, password);
  if (rightUser && rightPassword) return;
  if (!offered.explicit && password !== '') {
    throw clickHouseError('REQUIRED_PASSWORD', 'default: Authentication failed: a password is required.');
  }
  throw clickHouseError(
    'AUTHENTICATION_FAILED',
    `${offered.user}: Authentication failed: password is incorrect, or there is no user with such name.`,
  );
}

interface Credentials {
  readonly user: string;
  readonly password: string;
  readonly explicit: boolean;
}

function readCredentials(headers: IncomingHttpHeaders, url: RequestParameters): Credentials {
  const user = headers['x-clickhouse-user'];
  const key = headers['x-clickhouse-key'];
  const inHeaders = user !== undefined || key !== undefined;
  const inUrl = url.has('user') || url.has('password');
  const basic = headers.authorization;
  if (inHeaders) {
    if (basic !== undefined) throw mixed('X-ClickHouse HTTP headers', 'Authorization HTTP header');
    if (inUrl) throw mixed('X-ClickHouse HTTP headers', 'authentication via parameters');
    return { user: decoded(String(user ?? '')), password: decoded(String(key ?? '')), explicit: true };
  }
  if (basic !== undefined) {
    if (inUrl) throw mixed('Authorization HTTP header', 'authentication via parameters');
    return readBasic(basic);
  }
  return {
    user: decoded(url.get('user') ?? 'default'),
    password: decoded(url.get('password') ?? ''),
    explicit: inUrl,
  };
}

/** Header and URL values are bytes held as latin1. */
function decoded(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString();
}

function readBasic(header: string): Credentials {
  const [scheme = '', value = ''] = header.split(' ', 2);
  if (scheme.toLowerCase() !== 'basic') {
    throw clickHouseError(
      'AUTHENTICATION_FAILED',
      `Invalid authentication: '${scheme}' HTTP Authorization scheme is not supported`,
    );
  }
  const pair = Buffer.from(value, 'base64').toString();
  const colon = pair.indexOf(':');
  return colon < 0
    ? { user: pair, password: '', explicit: true }
    : { user: pair.slice(0, colon), password: pair.slice(colon + 1), explicit: true };
}

function mixed(first: string, second: string): Error {
  return clickHouseError(
    'AUTHENTICATION_FAILED',
    `Invalid authentication: it is not allowed to use ${first} and ${second} simultaneously`,
  );
}

/** Takes the same time whatever differs, the length included. */
function sameSecret(offered: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(offered), digest(expected));
}
