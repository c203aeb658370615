import { describe, expect, it } from 'vitest';
import { RunToken } from './run-token.ts';

const tokenOf = (claims: unknown): string =>
  `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the token of a run', () => {
  const first = tokenOf({ iat: 1000, exp: 1300 });
  const second = tokenOf({ iat: 1200, exp: 1500 });

  it('is asked for anew, once, when most of its life is over', async () => {
    let asked = 0;
    const renewed = async (): Promise<string> => {
      asked++;
      return second;
    };
    const token = new RunToken(first, renewed, 0);
    expect([token.current(0), token.current(199_999), asked]).toEqual([first, first, 0]);
    expect([token.current(200_000), token.current(200_001), asked]).toEqual([first, first, 1]);
    await settled();
    expect([token.current(200_002), token.current(399_999), asked]).toEqual([second, second, 1]);
  });

  it('is none once it has expired; another is asked for every five seconds', async () => {
    let asked = 0;
    const failed = async (): Promise<undefined> => {
      asked++;
    };
    const token = new RunToken(first, failed, 0);
    expect([token.current(299_999), asked]).toEqual([first, 1]);
    await settled();
    expect([token.current(300_000), token.current(304_998), asked]).toEqual([undefined, undefined, 1]);
    expect([token.current(304_999), asked]).toEqual([undefined, 2]);
  });

  it.each([{}, { exp: 1 }, { iat: 1, exp: 'soon' }, null, 7])(
    'does not expire where it does not say when: %j',
    (claims) => {
      const token = new RunToken(tokenOf(claims), async () => second);
      expect(token.current(9e15)).toBe(tokenOf(claims));
    },
  );

  it('takes what is no JSON', () => {
    expect(new RunToken('a.b.c', async () => undefined).current()).toBe('a.b.c');
  });
});
