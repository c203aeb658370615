/** Ours, as a service imports it. */
import {
  context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  ROOT_CONTEXT,
  trace,
} from '@opentelemetry/api';
import { action, run, whence } from '@whence/sdk';
import { ATTRIBUTES, answerFor, DETAILS, fanOut, HEADERS, HOSTILE_HEADERS } from './operations.ts';

const { flush } = whence({ log: 'silent' });
const tracer = trace.getTracer('bench');
const nothing = (): void => {};

await answerFor({
  flush,
  open: async (count) => {
    const opened = Promise.withResolvers<void>();
    void run({ job: 'bench' }, () =>
      Promise.all(Array.from({ length: count }, () => action('op', DETAILS, async () => opened.promise))),
    );
    await new Promise((resolve) => setImmediate(resolve));
    return { end: opened.resolve };
  },
  operations: {
    span: (count) =>
      run({ job: 'bench' }, () => {
        for (let i = 0; i < count; i++) {
          tracer.startActiveSpan('op', { attributes: ATTRIBUTES }, (span) => span.end());
        }
      }),
    action: (count) =>
      run({ job: 'bench' }, () => {
        for (let i = 0; i < count; i++) action('op', DETAILS, nothing);
      }),
    runStart: async (count) => {
      for (let i = 0; i < count; i++) await run({ job: 'bench' }, nothing);
    },
    inject: (count) =>
      run({ job: 'bench' }, () => {
        const active = context.active();
        for (let i = 0; i < count; i++) propagation.inject(active, {}, defaultTextMapSetter);
      }),
    extract: async (count) => {
      for (let i = 0; i < count; i++) propagation.extract(ROOT_CONTEXT, HEADERS, defaultTextMapGetter);
    },
    extractHostile: async (count) => {
      for (let i = 0; i < count; i++) {
        propagation.extract(ROOT_CONTEXT, HOSTILE_HEADERS, defaultTextMapGetter);
      }
    },
    fanOut: (count) =>
      run({ job: 'bench' }, () => fanOut(count, (wait) => action('op', DETAILS, () => wait()))),
  },
});
