import { expect, test } from 'vitest';
import { readConfig } from './config.ts';

test('what is not said has a default', () => {
  expect(readConfig({ WHENCE_CLICKHOUSE_URL: 'http://127.0.0.1:8123', WHENCE_QUERY_PORT: '' })).toEqual({
    status: 'read',
    config: {
      clickhouseUrl: 'http://127.0.0.1:8123',
      clickhouseDatabase: 'whence',
      clickhouseUser: 'default',
      clickhousePassword: '',
      clickhouseCa: '',
      clickhouseCert: '',
      clickhouseKey: '',
      host: '127.0.0.1',
      port: 4320,
      tenant: 'default',
      findingsRules: '',
      findingsSeconds: 60,
      webhooks: '',
      logLevel: 'info',
    },
  });
});

test('every fault is told at once, no value is', () => {
  const read = readConfig({
    WHENCE_CLICKHOUSE_URL: 'postgres://secret@db',
    WHENCE_CLICKHOUSE_DATABASE: 'a;b',
    WHENCE_QUERY_PORT: '70000',
    WHENCE_FINDINGS_SECONDS: '1',
    LOG_LEVEL: 'loud',
  });
  if (read.status !== 'faulty') throw new Error('it was taken');
  expect(read.faults.map((fault) => fault.split(':')[0])).toEqual([
    'WHENCE_CLICKHOUSE_URL',
    'WHENCE_CLICKHOUSE_DATABASE',
    'WHENCE_QUERY_PORT',
    'WHENCE_FINDINGS_SECONDS',
    'LOG_LEVEL',
  ]);
  expect(read.faults.join()).not.toContain('secret');
  expect(readConfig({})).toEqual({ status: 'faulty', faults: ['WHENCE_CLICKHOUSE_URL: not set'] });
});
