import type { Action } from '@whence/model';
import type { RecordedAction } from '@whence/store';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { effectOf } from './operation-effect.ts';
import { rankedCandidates } from './ranked.ts';

const TABLE = 'postgresql://db:5432/bank/invoices';
const AT = BigInt(Date.parse('2026-03-01T03:14:07Z')) * 1_000_000n;

let made = 0;
const did = (secondsBefore: number, more: Partial<Action> = {}): RecordedAction => ({
  action: {
    traceId: 'a'.repeat(32),
    spanId: (made++).toString(16).padStart(16, '0'),
    name: 'x',
    kind: 'client',
    operation: 'UPDATE',
    target: TABLE,
    startTime: `${new Date(Date.parse('2026-03-01T03:14:07Z') - secondsBefore * 1000).toISOString().slice(0, 23)}000000Z`,
    durationNanos: 1_000_000,
    status: 'ok',
    assurance: 'verified',
    witness: 'sdk',
    ...more,
  },
  runPath: [],
  links: [],
  conflict: false,
});

const best = (...records: readonly RecordedAction[]) =>
  rankedCandidates(records, { atNanos: AT, target: TABLE })[0]?.record;

describe('of two that may have done it', () => {
  const near = did(1);
  test.each([
    ['what changes goes before what reads', did(5), did(1, { operation: 'SELECT' })],
    ['what changes goes before what nobody knows of', did(5), did(1, { operation: 'vacuumish' })],
    ['what succeeded before what failed', did(5), did(1, { status: 'error' })],
    ['the very target before one below it', did(5), did(1, { target: `${TABLE}/7` })],
    ['the nearer', near, did(2)],
    ['what was under way before what had ended', did(9, { durationNanos: 10_000_000_000 }), did(1)],
    ['what had ended before what began later', did(30), did(-1)],
    ['of equals the proven one', did(1), did(1, { assurance: 'none' })],
  ])('%s', (_, better, worse) => {
    expect(best(worse, better)).toBe(better);
    expect(best(better, worse)).toBe(better);
  });
});

test('why says what speaks for it and against', () => {
  const [first, second] = rankedCandidates(
    [did(90), did(-2, { operation: 'SELECT', status: 'error', assurance: 'asserted', target: `${TABLE}/7` })],
    { atNanos: AT, target: TABLE },
  );
  expect(first?.why).toEqual(['UPDATE changes what it is done to.', 'It had ended 1.4 min before.']);
  expect(second?.why).toEqual([
    'SELECT only reads.',
    'It failed, so that it may have changed nothing.',
    `It was done to ${TABLE}/7, which only begins with what was asked for.`,
    'It began 2 s after: it can have done it only if the clocks differ by that.',
    'Who did it is not proven (asserted).',
  ]);
});

test('what a gateway saw of an action is no candidate of its own', () => {
  const own = did(1);
  const seen = did(1, { parentSpanId: own.action.spanId, witness: 'gateway' });
  const other = did(1, { parentSpanId: own.action.spanId, operation: 'INSERT' });
  expect(rankedCandidates([seen, own, other], { atNanos: AT }).map(({ record }) => record)).toEqual([
    own,
    other,
  ]);
});

test('without a moment the last one of those that count the same', () => {
  expect(
    rankedCandidates([did(9), did(3), did(5)], {}).map(({ record }) => record.action.startTime.slice(17, 19)),
  ).toEqual(['04', '02', '58']);
});

test('every one is there once, whatever the order', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: -50, max: 50 }), fc.constantFrom('UPDATE', 'SELECT', 'x')), {
        maxLength: 20,
      }),
      (drawn) => {
        const records = drawn.map(([before, operation]) => did(before, { operation }));
        const ranked = rankedCandidates(records, { atNanos: AT }).map(({ record }) => record);
        expect(new Set(ranked)).toEqual(new Set(records));
        const reversed = rankedCandidates(records.toReversed(), { atNanos: AT }).map(({ record }) => record);
        const keys = (of: readonly RecordedAction[]) =>
          of.map(({ action }) => [action.startTime, action.operation]);
        expect(keys(reversed)).toEqual(keys(ranked));
      },
    ),
  );
});

test.each([
  ['update', 'changes'],
  ['findAndModify', 'changes'],
  ['PATCH', 'changes'],
  ['Select', 'reads'],
  ['receive', 'reads'],
  ['', 'unknown'],
  [undefined, 'unknown'],
])('%s: %s', (operation, effect) => {
  expect(effectOf(operation)).toBe(effect);
});
