import fc from 'fast-check';
import { BSON } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { mongoCommandText } from './mongodb-command-text.ts';

const { Binary, Decimal128, ObjectId } = BSON;

describe('mongoCommandText', () => {
  it.each<[Record<string, unknown>, string]>([
    [
      {
        find: 'accounts',
        filter: { owner: 'hunter', age: { $gt: 7 } },
        limit: 1,
        lsid: { id: 1 },
        comment: 'c',
      },
      '{"find":"accounts","filter":{"owner":"?","age":{"$gt":"?"}},"limit":"?"}',
    ],
    [
      {
        insert: 'accounts',
        documents: [{ _id: new ObjectId(), b: new Binary(Buffer.from('hunter')), d: new Date() }],
      },
      '{"insert":"accounts","documents":[{"_id":"?","b":"?","d":"?"}]}',
    ],
    [
      { getMore: 7n, collection: 'accounts', batchSize: 3 },
      '{"getMore":"?","collection":"accounts","batchSize":"?"}',
    ],
    [
      { aggregate: 'a', pipeline: [{ $match: new Map([['k', 'hunter']]) }, { $count: 'n' }] },
      '{"aggregate":"a","pipeline":[{"$match":{"k":"?"}},{"$count":"?"}]}',
    ],
    [{ saslStart: 1, payload: 'hunter' }, '{"saslStart":"?","payload":"?"}'],
    [
      { createUser: 'app', pwd: 'hunter', roles: [{ role: 'x' }] },
      '{"createUser":"app","pwd":"?","roles":"?"}',
    ],
    [{ nope: 'hunter' }, '{"nope":"?"}'],
  ])('%o is recorded as %s', (command, recorded) => {
    expect(mongoCommandText(command)).toBe(recorded);
  });

  it('keeps values where they were asked for, secrets never', () => {
    const command = {
      insert: 'a',
      documents: [{ n: 7, d: Decimal128.fromString('1.5'), apiKey: 'hunter', b: 7n }],
    };
    expect(mongoCommandText(command, true)).toBe(
      '{"insert":"a","documents":[{"n":7,"d":{"$numberDecimal":"1.5"},"apiKey":"?","b":"7"}]}',
    );
    expect(
      mongoCommandText({ updateUser: 'a', pwd: 'hunter', customData: { x: 'hunter' } }, true),
    ).not.toContain('hunter');
  });

  it('is bounded', () => {
    const documents = Array.from({ length: 100_000 }, (_, i) => ({ _id: i }));
    const text = mongoCommandText({ insert: 'a', documents });
    expect(text.length).toBeLessThanOrEqual(8193);
    expect(text).toContain('…');
  });

  it('has no value of any command', () => {
    const leaf = fc.constantFrom<unknown>(
      'hunter',
      4711,
      4711n,
      new Date(4711),
      /hunter/,
      Buffer.from('hunter'),
    );
    const name = fc.constantFrom('find', 'update', 'aggregate', 'nope', 'saslStart');
    const value = fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie('node'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('a', '$set', 'b.c'), tie('node')),
      ),
    })).node;
    fc.assert(
      fc.property(name, value, (command, given) => {
        expect(mongoCommandText({ [command]: 'coll', given })).not.toMatch(/hunter|4711/);
      }),
    );
  });
});
