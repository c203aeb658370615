import fc from 'fast-check';
import { expect, test } from 'vitest';
import { routesOf } from '../routes.ts';
import { requestLineOf } from './request-line.ts';

const who = routesOf(undefined as never).find(({ path }) => path === '/v1/who')!;
const line = (url: string): string => requestLineOf(who, 'GET', url);

test.each([
  ['/v1/who', 'GET /v1/who'],
  ['/v1/who?span=e000000000000004', 'GET /v1/who?span=e000000000000004'],
  ['/v1/who?span=a&key=whk_x', 'GET /v1/who?span=a&key=…'],
  ['/v1/who?%73pan=a', 'GET /v1/who?%73pan=a'],
  ['/v1/who?span[x]=whk_x', 'GET /v1/who?span[x]=…'],
  ['/v1/who?access_token=a=b&run=', 'GET /v1/who?access_token=…&run='],
  ['/v1/who?%zz=a', 'GET /v1/who?%zz=…'],
])('%s', (url, said) => {
  expect(line(url)).toBe(said);
});

test('the value of a parameter that is not known is never said', () => {
  const secret = fc.stringMatching(/^whk_[A-Za-z0-9]{20}$/);
  const name = fc.stringMatching(/^[a-z_]{1,12}$/).filter((each) => !(each in who.parameters.shape));
  fc.assert(
    fc.property(secret, name, fc.constantFrom('', '&span=a', '&x&y=&'), (value, parameter, more) => {
      expect(line(`/v1/who?${parameter}=${value}${more}`)).not.toContain(value);
    }),
  );
});
