import { describe, expect, it } from 'vitest';
import { COLLECTOR_VARIABLES, readCollectorConfig } from './config.ts';

describe('configuration', () => {
  it('has a default for everything', () => {
    expect(readCollectorConfig({})).toMatchObject({
      host: '127.0.0.1',
      port: 4318,
      store: { url: 'http://127.0.0.1:8123', database: 'whence', username: 'default', password: '' },
      bodyMaxBytes: 64 * 1024 * 1024,
    });
  });

  it('takes an empty variable for one that is not set', () => {
    expect(readCollectorConfig({ WHENCE_COLLECTOR_PORT: '', WHENCE_CONFIG: '' })).toMatchObject({
      port: 4318,
    });
  });

  it('lists every fault at once', () => {
    const faulty = {
      WHENCE_COLLECTOR_PORT: '70000',
      WHENCE_CLICKHOUSE_URL: 'nowhere',
      WHENCE_CLICKHOUSE_COMPRESSION: 'lzma',
      WHENCE_SPOOL_MAX_BYTES: 'much',
      WHENCE_SEGMENT_MAX_AGE_MILLIS: '0',
    };
    expect(() => readCollectorConfig(faulty)).toThrowError(
      expect.objectContaining({
        code: 'config_invalid',
        message: expect.stringMatching(
          /WHENCE_COLLECTOR_PORT="70000".*CLICKHOUSE_URL: .*CLICKHOUSE_COMPRESSION="lzma".*SPOOL_MAX_BYTES="much".*MAX_AGE_MILLIS="0"/,
        ),
      }),
    );
  });

  it('takes several addresses, files and a proxy for the store, and nothing else of the environment', () => {
    const { store } = readCollectorConfig({
      WHENCE_CLICKHOUSE_URL: 'https://a.example:8443, https://b.example:8443',
      WHENCE_CLICKHOUSE_CA: 'ca.pem',
      WHENCE_CLICKHOUSE_COMPRESSION: 'gzip',
      HTTPS_PROXY: 'http://proxy.example:3128',
      no_proxy: 'localhost',
      SECRET: 'secret',
    });
    expect(store).toEqual({
      url: 'https://a.example:8443, https://b.example:8443',
      database: 'whence',
      username: 'default',
      password: '',
      tls: { ca: 'ca.pem' },
      proxyEnv: { HTTPS_PROXY: 'http://proxy.example:3128', no_proxy: 'localhost' },
      compression: 'gzip',
    });
  });

  it.each([
    ['WHENCE_SEGMENT_MAX_BYTES', 2 ** 28],
    ['WHENCE_BODY_MAX_BYTES', 2 ** 30],
    ['WHENCE_SPOOL_MAX_BYTES', 2 ** 50],
  ])('%s: as large as can be counted, and no larger', (name, largest) => {
    expect(() => readCollectorConfig({ [name]: String(largest) })).not.toThrow();
    expect(() => readCollectorConfig({ [name]: String(largest + 1) })).toThrowError(
      expect.objectContaining({ code: 'config_invalid', message: expect.stringContaining(name) }),
    );
  });

  it('names each variable once', () => {
    const names = Object.values(COLLECTOR_VARIABLES).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
