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
      dataDirectory: '.whence/query',
      spoolMaxBytes: 1_073_741_824,
      logLevel: 'info',
    },
  });
});

test('every fault is told at once, no value is', () => {
  const read = readConfig({
    WHENCE_CLICKHOUSE_URL: 'postgres://secret@db',
    WHENCE_CLICKHOUSE_DATABASE: 'a;b',
    WHENCE_QUERY_PORT: '70000',
    LOG_LEVEL: 'loud',
  });
  if (read.status !== 'faulty') throw new Error('it was taken');
  expect(read.faults.map((fault) => fault.split(':')[0])).toEqual([
    'WHENCE_CLICKHOUSE_URL',
    'WHENCE_CLICKHOUSE_DATABASE',
    'WHENCE_QUERY_PORT',
    'LOG_LEVEL',
  ]);
  expect(read.faults.join()).not.toContain('secret');
  expect(readConfig({})).toEqual({ status: 'faulty', faults: ['WHENCE_CLICKHOUSE_URL: not set'] });
});

const beyondLoopback = (more: Readonly<Record<string, string>>) => {
  const read = readConfig({
    WHENCE_CLICKHOUSE_URL: 'http://127.0.0.1:8123',
    WHENCE_QUERY_HOST: '10.0.0.7',
    ...more,
  });
  return read.status === 'faulty' ? read.faults : [];
};

test.each([
  [{}, [/certificate|WHENCE_TLS_CERT/, /WHENCE_CONFIG/]],
  [{ WHENCE_INSECURE: 'true' }, [/WHENCE_CONFIG/]],
  [{ WHENCE_CONFIG: 'whence.yaml' }, [/WHENCE_TLS_CERT/]],
  [{ WHENCE_INSECURE: 'true', WHENCE_CONFIG: 'whence.yaml' }, []],
  [{ WHENCE_INSECURE: 'true', WHENCE_QUERY_OPEN: 'true' }, []],
  [{ WHENCE_TLS_CERT: 'a', WHENCE_TLS_KEY: 'b', WHENCE_CONFIG: 'whence.yaml' }, []],
  [
    { WHENCE_INSECURE: 'yes', WHENCE_QUERY_OPEN: '1', WHENCE_CONFIG: 'whence.yaml' },
    [/OPEN/, /INSECURE/, /TLS/],
  ],
])('beyond loopback, with %j', (more, faults) => {
  expect(beyondLoopback(more)).toEqual(faults.map((fault) => expect.stringMatching(fault)));
});
