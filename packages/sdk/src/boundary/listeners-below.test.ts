import { EventEmitter } from 'node:events';
import { type Context, context, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTracing, type Tracing } from '../testkit/tracing.ts';
import { listenersBelow } from './listeners-below.ts';

let tracing: Tracing;
beforeAll(() => {
  tracing = startTracing();
});
afterAll(() => tracing.stop());

const PLACE = createContextKey('place');
const at = (place: string): Context => ROOT_CONTEXT.setValue(PLACE, place);
const place = (): unknown => context.active().getValue(PLACE);

/** As the http instrumentation leaves one. */
const boundEmitter = (): EventEmitter => context.bind(at('above'), new EventEmitter());

describe('listeners that are added', () => {
  it.each(['on', 'addListener', 'prependListener', 'once', 'prependOnceListener'] as const)(
    'by %s are called below; those from before, above',
    (method) => {
      const emitter = boundEmitter();
      const seen: unknown[] = [];
      const listener = (value: number): void => void seen.push([place(), value]);
      emitter.on('data', () => seen.push([place(), 'before']));
      listenersBelow(emitter, at('below'));
      emitter[method]('data', listener);
      emitter.emit('data', 1);
      expect(new Set(seen.splice(0).map(String))).toEqual(new Set(['above,before', 'below,1']));
      emitter.off('data', listener);
      emitter.emit('data', 2);
      expect(seen.map(String)).toEqual(['above,before']);
    },
  );

  it('can be removed before they were called, by either name, and all at once', () => {
    const emitter = boundEmitter();
    listenersBelow(emitter, at('below'));
    const seen: unknown[] = [];
    const listener = (): void => void seen.push(place());
    emitter.once('end', listener).on('end', listener);
    emitter.removeListener('end', listener).off('end', listener);
    emitter.on('end', listener).removeAllListeners('end');
    emitter.emit('end');
    expect([seen, emitter.listenerCount('end')]).toEqual([[], 0]);
  });

  it('fire once where they are to, and again each time they are added', () => {
    const emitter = boundEmitter();
    listenersBelow(emitter, at('below'));
    let calls = 0;
    const listener = (): void => void calls++;
    emitter.once('end', listener).once('end', listener).on('end', listener);
    emitter.emit('end');
    emitter.emit('end');
    expect([calls, emitter.listenerCount('end')]).toEqual([4, 1]);
  });

  it('are below the last of several', () => {
    const emitter = boundEmitter();
    listenersBelow(emitter, at('below'));
    listenersBelow(emitter, at('further below'));
    const seen: unknown[] = [];
    emitter.once('end', () => seen.push(place()));
    emitter.emit('end');
    expect(seen).toEqual(['further below']);
  });
});
