import { expect, test } from 'vitest';
import { whatIsHeld } from './what-is-held.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const RUN = '01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10';

test.each([
  [SPAN.toUpperCase(), { span: SPAN }],
  [` ${TRACE}\n`, { trace: TRACE }],
  [`00-${TRACE}-${SPAN}-01`, { span: SPAN, trace: TRACE }],
  [RUN.toUpperCase(), { run: RUN }],
  ['postgresql://db:5432/bank/invoices', { target: 'postgresql://db:5432/bank/invoices' }],
  ['https://api.shop/customers/{id}', { target: 'https://api.shop/customers/{id}' }],
  ['prod/deployments/web', { object: 'prod/deployments/web' }],
  ['nodes/worker-1', { object: 'nodes/worker-1' }],
  ['4f3c9a1', { commit: '4f3c9a1' }],
  ['4f3c9a1be2d07c55a6b8d1f0e9c7b6a5d4c3b2a1', { commit: '4f3c9a1be2d07c55a6b8d1f0e9c7b6a5d4c3b2a1' }],
  ['UPDATE invoices SET paid = true', { statement: 'UPDATE invoices SET paid = true' }],
  ['me', undefined],
  ['', undefined],
  ['abcdef', undefined],
  ['nightly-reconcile', undefined],
  // Version 4: no run.
  ['9b2c7c9e-6a0a-4b0e-9d3a-0d9f7f0c9b11', undefined],
])('%j', (text, held) => {
  expect(whatIsHeld(text)).toEqual(held);
});
