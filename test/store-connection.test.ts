import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '@whence/store';
import { beforeAll, describe, expect, it } from 'vitest';
import { newAuthority } from './stage/certificates.ts';
import { collectorThatEnds, startCollector } from './stage/collector-process.ts';
import { expectLedgerHeld, Ledger } from './stage/ledger.ts';
import { newSpans } from './stage/otlp-request.ts';
import { type StoreProcess, startStore } from './stage/store-process.ts';
import { temporaryDirectory } from './stage/take-down.ts';
import { startCuttingPort, startForwardProxy, startTlsFront } from './stage/tunnels.ts';

let store: StoreProcess;
beforeAll(async () => {
  store = await startStore();
});

const authority = newAuthority('a CA of the store');
const server = authority.issue({ names: ['DNS:store.example', 'IP:127.0.0.1'], purpose: 'server' });
const client = authority.issue({ names: ['DNS:collector.example'], purpose: 'client' });
const folder = temporaryDirectory();
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const ca = file('ca.pem', authority.cert);
const cert = file('cert.pem', client.cert);
const key = file('key.pem', client.key);
const portOf = (url: string): number => Number(new URL(url).port);

describe('TLS', () => {
  it('a server whose CA is named is trusted, with a login by password', async () => {
    const front = await startTlsFront(store.url, server);
    const opened = await openStore({
      url: `https://127.0.0.1:${front.port}`,
      database: store.newDatabase(),
      tls: { ca },
    });
    expect(await opened.ping()).toBe(true);
    expect(front.received()).toContain(`Authorization: Basic ${btoa('default:')}`);
    await opened.close();
  });

  it('a server whose CA is not named is not', async () => {
    const front = await startTlsFront(store.url, server);
    await expect(openStore({ url: `https://127.0.0.1:${front.port}` })).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringMatching(/UNABLE_TO_VERIFY|SELF_SIGNED|certificate/),
    });
    expect(front.received()).toBe('');
  });

  it('a certificate of ours is shown; without a password it is the login, with one both are', async () => {
    const front = await startTlsFront(store.url, {
      ...server,
      ca: authority.cert,
      requestCert: true,
      rejectUnauthorized: true,
    });
    const url = `https://127.0.0.1:${front.port}`;
    const database = store.newDatabase();
    await expect(openStore({ url, database, tls: { ca } })).rejects.toMatchObject({
      code: 'store_unavailable',
    });
    await (await openStore({ url, database, tls: { ca, cert, key } })).close();
    expect(front.received()).toContain('X-ClickHouse-SSL-Certificate-Auth: on');
    expect(front.received()).not.toContain('Authorization');
    await openStore({ url, database, password: 'secret', tls: { ca, cert, key } }).catch(() => {});
    expect(front.received()).toContain(`Authorization: Basic ${btoa('default:secret')}`);
  });

  it('files that cannot be used: the collector does not start, and says which', async () => {
    const environment = { WHENCE_CLICKHOUSE_CA: join(folder, 'none.pem') };
    const { code, stderr } = await collectorThatEnds({ environment });
    expect(code).toBe(1);
    expect(stderr).toContain('none.pem');
  });
});

describe('a proxy', () => {
  it('stands between: TLS goes through it end to end, compressed, and every span arrives once', async () => {
    const front = await startTlsFront(store.url, server);
    const proxy = await startForwardProxy(front.port);
    const database = store.newDatabase();
    const collector = await startCollector({
      storeUrl: 'https://store.example:8443',
      database,
      environment: { HTTPS_PROXY: proxy.url, WHENCE_CLICKHOUSE_CA: ca },
    });
    const ledger = new Ledger();
    for (let i = 0; i < 5; i++) expect(await ledger.send(collector.url, newSpans(100))).toBe(200);
    await expectLedgerHeld(ledger, store, database, collector.url);
    expect(new Set(proxy.asked)).toEqual(new Set(['CONNECT store.example:8443']));
    expect(front.received()).toMatch(/INSERT[+%20]+INTO[+%20]+otel_traces.*?Content-Encoding: zstd/s);
  });

  it('in the clear is asked for the whole address', async () => {
    const proxy = await startForwardProxy(portOf(store.url));
    const opened = await openStore({
      url: 'http://store.example:8123',
      database: store.newDatabase(),
      proxyEnv: { HTTP_PROXY: proxy.url },
    });
    expect(new Set(proxy.asked)).toEqual(new Set(['POST http://store.example:8123/']));
    await opened.close();
  });

  it('is passed by for what NO_PROXY names, and for loopback always', async () => {
    const proxy = await startForwardProxy(portOf(store.url));
    const proxyEnv = { HTTP_PROXY: proxy.url, NO_PROXY: 'store.invalid' };
    await expect(openStore({ url: 'http://store.invalid:8123', proxyEnv })).rejects.toMatchObject({
      code: 'store_unavailable',
    });
    const opened = await openStore({ url: store.url, database: store.newDatabase(), proxyEnv });
    await opened.close();
    expect(proxy.asked).toEqual([]);
  });

  it('that cuts is a store that is away', async () => {
    const proxyEnv = { HTTPS_PROXY: `http://127.0.0.1:${await startCuttingPort()}` };
    await expect(openStore({ url: 'https://store.example', proxyEnv })).rejects.toMatchObject({
      code: 'store_unavailable',
    });
  });
});

describe('compression', () => {
  it.each([
    ['zstd', /Content-Encoding: zstd/],
    ['gzip', /Content-Encoding: gzip/],
    ['none', /^(?!.*Content-Encoding)/s],
    ['auto', /^(?!.*Content-Encoding)/s],
  ])('%s on loopback: rows arrive as they were sent', async (compression, expected) => {
    const front = await startTlsFront(store.url, server);
    const database = store.newDatabase();
    const collector = await startCollector({
      storeUrl: `https://127.0.0.1:${front.port}`,
      database,
      environment: { WHENCE_CLICKHOUSE_CA: ca, WHENCE_CLICKHOUSE_COMPRESSION: compression },
    });
    const ledger = new Ledger();
    expect(await ledger.send(collector.url, newSpans(2_000))).toBe(200);
    await expectLedgerHeld(ledger, store, database, collector.url);
    expect(front.received()).toMatch(expected);
  });
});
