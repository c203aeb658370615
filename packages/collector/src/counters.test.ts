import { expect, it } from 'vitest';
import { COUNTED, newCounters } from './counters.ts';

it('renders every family, counted or not, and gauges of this moment', () => {
  const counters = newCounters();
  counters.add(COUNTED.spansAccepted, 2, 'assurance="verified"');
  counters.add(COUNTED.spansAccepted, 3, 'assurance="verified"');
  counters.add(COUNTED.spansAccepted, 1, 'assurance="none"');
  const lines = counters.render({ 'bytes{table="a"}': 1, 'bytes{table="b"}': 2 }).split('\n');
  expect(lines).toContain('whence_collector_spans_accepted_total{assurance="verified"} 5');
  expect(lines).toContain('whence_collector_spans_accepted_total{assurance="none"} 1');
  expect(lines).toContain('whence_collector_run_records_total 0');
  expect(lines.filter((line) => line === '# TYPE bytes gauge').length).toBe(1);
  expect(lines.filter((line) => line.startsWith('# HELP')).length).toBe(Object.keys(COUNTED).length);
});
