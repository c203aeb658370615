import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redisCommandText } from './redis-command-text.ts';

describe('redisCommandText', () => {
  it.each([
    ['get', ['accounts:42'], 'GET accounts:?'],
    ['SET', ['session:AbCdEf0123456789', 'v', 'EX', '10'], 'SET session:? ? ? ?'],
    ['SET', ['abcdefghijklmnopqrstuvwxyz', 'v'], 'SET ? ?'],
    ['hset', ['user:someone@example.com:cart', 'item', '7'], 'HSET user:?:cart ? ?'],
    ['MSET', ['a', '1', 'b', '2'], 'MSET a ? b ?'],
    ['DEL', ['a', 'b', Buffer.from('c:1')], 'DEL a b c:?'],
    [
      'EVAL',
      ["return redis.call('GET', KEYS[1])", '1', 'a', 'hunter'],
      "EVAL return redis.call('GET', KEYS[1]) ? a ?",
    ],
    ['EVALSHA', ['abc', 1, 'a', 'x'], 'EVALSHA ? ? a ?'],
    ['AUTH', ['default', 'hunter'], 'AUTH ? ?'],
    ['HELLO', ['3', 'AUTH', 'default', 'hunter'], 'HELLO ? ? ? ?'],
    ['CONFIG', ['SET', 'requirepass', 'hunter'], 'CONFIG SET ? ?'],
    ['ACL', ['SETUSER', 'app', '>hunter'], 'ACL SETUSER ? ?'],
    ['MIGRATE', ['h', '1', 'k', '0', '5', 'AUTH', 'hunter'], 'MIGRATE ? ? ? ? ? ? ?'],
    ['XGROUP', ['CREATE', 'stream', 'g', '$'], 'XGROUP CREATE stream ? ?'],
    ['SELECT', ['3'], 'SELECT ?'],
    ['PING', [], 'PING'],
  ])('%s %j', (name, args, recorded) => {
    expect(redisCommandText(name, args)).toBe(recorded);
  });

  it('is bounded', () => {
    const text = redisCommandText(
      'MSET',
      Array.from({ length: 1000 }, (_, i) => `k${i}`),
      true,
    );
    expect(text.endsWith('… 968 more')).toBe(true);
    expect(redisCommandText('SET', ['a', 'x'.repeat(100_000)], true).length).toBeLessThan(5000);
  });

  it('has values only where they were asked for, secrets never', () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9]{25,40}$/);
    const command = fc.constantFrom(
      'SET',
      'HSET',
      'GETSET',
      'LPUSH',
      'PUBLISH',
      'ZADD',
      'XADD',
      'ECHO',
      'FOO',
    );
    const secretive = fc.constantFrom('AUTH', 'HELLO', 'CONFIG', 'ACL', 'MIGRATE', 'SENTINEL');
    fc.assert(
      fc.property(secret, command, secretive, (value, open, closed) => {
        expect(redisCommandText(open, ['k', value, value])).not.toContain(value);
        expect(redisCommandText(open, ['k', value], true)).toContain(value);
        expect(redisCommandText(closed, ['SET', value, value], true)).not.toContain(value);
        expect(redisCommandText(closed.toLowerCase(), [value], true)).not.toContain(value);
      }),
    );
  });
});
