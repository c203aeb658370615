import { expect, test } from 'vitest';
import { callerIn } from './caller-context.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

test.each([`00-${TRACE}-${SPAN}-01`, ` 00-${TRACE}-${SPAN}-00`, `cc-${TRACE}-${SPAN}-01-later`])(
  '%s',
  (text) => {
    expect(callerIn(text)).toEqual({ traceId: TRACE, spanId: SPAN });
  },
);

test.each([
  undefined,
  '',
  'x',
  `ff-${TRACE}-${SPAN}-01`,
  `00-${'0'.repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  `00-${TRACE}-${SPAN}`,
])('%s is none', (text) => {
  expect(callerIn(text)).toBeUndefined();
});
