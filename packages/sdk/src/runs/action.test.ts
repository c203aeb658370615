import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTracing, type Tracing } from '../testkit/tracing.ts';
import { action } from './action.ts';

let tracing: Tracing;
beforeAll(() => {
  tracing = startTracing();
});
afterAll(() => tracing.stop());

describe('action', () => {
  it('gives back what fn returns, at once where fn does', () => {
    expect(action('sync', {}, () => 42)).toBe(42);
    expect(tracing.named('sync').status.code).toBe(SpanStatusCode.UNSET);
  });

  it('lasts until a promise settles, and is active meanwhile', async () => {
    let settle: (value: string) => void = () => {};
    const result = action('async', {}, async (span) => {
      const value = await new Promise<string>((resolve) => {
        settle = resolve;
      });
      expect(trace.getActiveSpan()).toBe(span);
      return value;
    });
    expect(tracing.spans().some(({ name }) => name === 'async')).toBe(false);
    settle('done');
    expect(await result).toBe('done');
    expect(tracing.named('async').ended).toBe(true);
  });

  it('runs a lazy thenable (a query builder) within the action', async () => {
    const lazy = {
      // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
      then: (fulfil: (value: unknown) => unknown) =>
        Promise.resolve(fulfil(trace.getActiveSpan()?.spanContext().spanId)),
    };
    const spanId = await action('lazy', {}, () => lazy);
    expect(spanId).toBe(tracing.named('lazy').spanContext().spanId);
  });

  it.each([
    ['postgresql', "UPDATE users SET card = '4111' WHERE id = $1", 'UPDATE users SET card = ? WHERE id = $1'],
    ['mariadb', 'DELETE FROM `users` WHERE card = "4111"', 'DELETE FROM `users` WHERE card = ?'],
    ['s3', "PUT 'report 4111'", "PUT 'report 4111'"],
  ])('records a statement to %s as far as it is no secret', (system, statement, recorded) => {
    action(`to ${system}`, { system, statement }, () => {});
    expect(tracing.named(`to ${system}`).attributes['whence.action.statement']).toBe(recorded);
  });

  it('records what was acted on', () => {
    action(
      'send notify',
      {
        system: 'pg-boss',
        operation: 'send',
        target: 'pg-boss://bank/notify',
        statement: 'send notify {}',
        kind: SpanKind.PRODUCER,
      },
      () => {},
    );
    const { kind, attributes } = tracing.named('send notify');
    expect(kind).toBe(SpanKind.PRODUCER);
    expect(attributes).toEqual({
      'whence.action.system': 'pg-boss',
      'whence.action.operation': 'send',
      'whence.action.target': 'pg-boss://bank/notify',
      'whence.action.statement': 'send notify {}',
    });
  });

  it.each([
    [
      'throws',
      () =>
        action('throws', {}, () => {
          throw new TypeError('no such table');
        }),
    ],
    [
      'rejects',
      () =>
        action('rejects', {}, async () => {
          throw new TypeError('no such table');
        }),
    ],
  ])('records what fn throws, and throws it on: %s', async (name, act) => {
    await expect(async () => act()).rejects.toThrow(TypeError);
    const { status, events } = tracing.named(name);
    expect(status).toEqual({ code: SpanStatusCode.ERROR, message: 'no such table' });
    expect(events.map((event) => event.name)).toEqual(['exception']);
  });

  it.each([[undefined], [Object.create(null)], [Symbol('odd')]])(
    'survives odd things being thrown: %#',
    (odd) => {
      let caught: unknown = 'nothing';
      try {
        action('odd', {}, () => {
          throw odd;
        });
      } catch (error) {
        caught = error;
      }
      expect(caught).toBe(odd);
    },
  );
});
