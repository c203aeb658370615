import { getHeapStatistics } from 'node:v8';
import { expect, it } from 'vitest';
import { newCounters } from '../counters.ts';
import { createUnkeptSignals } from './unkept-signals.ts';

it('JSON whose values do not fit into memory is refused before it is parsed', async () => {
  const unkept = createUnkeptSignals(undefined, newCounters());
  const { heap_size_limit: heap } = getHeapStatistics();
  const values = Buffer.alloc(Math.min(heap / 50, 256 << 20), '[],');
  const body = Buffer.concat([Buffer.from('{"resourceLogs":['), values, Buffer.from('[]]}')]);
  expect(await unkept.take('/v1/logs', body, 'application/json')).toMatchObject({
    status: 'refused',
    reason: 'malformed',
    message: expect.stringContaining('send smaller batches'),
  });
});
