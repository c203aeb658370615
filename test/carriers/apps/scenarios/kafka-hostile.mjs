// Headers as nobody of good will writes them, and one message of a run behind them.
import { action, run } from '@whence/sdk';
import { consume, send, sendUntraced } from './kafka.mjs';

const references = [];
for (const job of ['a', 'b']) references.push(await run({ job }, ({ reference }) => reference));
const [a, b] = references;
const parent = (digit) => `00-${digit.repeat(32)}-${digit.repeat(16)}-01`;

const HOSTILE = {
  'two runs in one header': { traceparent: parent('1'), tracestate: `whence=${a},whence=${b}` },
  'two headers of a name': {
    traceparent: [parent('1'), parent('2')],
    tracestate: [`whence=${a}`, `whence=${b}`],
  },
  'two spellings of a name': {
    traceparent: parent('1'),
    TraceParent: parent('2'),
    tracestate: `whence=${a}`,
  },
  'a run without a span': { tracestate: `whence=${a}` },
  'a reference with more behind it': { traceparent: parent('1'), tracestate: `whence=${a}.k1.short` },
  'bytes that are no text': {
    traceparent: Buffer.from([0, 255, 128, 10]),
    tracestate: Buffer.alloc(64, 255),
  },
  'a megabyte': { traceparent: parent('1'), tracestate: `whence=${a},${'x'.repeat(1 << 19)}=1` },
  nothing: {},
};
sendUntraced(Object.entries(HOSTILE).map(([value, headers]) => ({ value, headers })));
await run({ job: 'c' }, () => send('the last'));

await consume((done) => ({
  eachMessage: async ({ message }) => {
    action(`work of ${message.value}`, {}, () => {});
    if (`${message.value}` === 'the last') done();
  },
}));
process.stdout.write(JSON.stringify({ a, b, names: Object.keys(HOSTILE) }));
