import { AlwaysOffSampler } from '@opentelemetry/sdk-trace';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';

describe('readConfig', () => {
  it('works with nothing set', () => {
    const { config, faults } = readConfig({});
    expect(faults).toEqual([]);
    expect(config).toMatchObject({
      issuerUrl: undefined,
      key: undefined,
      log: 'info',
      tracesExporter: 'otlp',
      tracesEndpoint: 'http://localhost:4318/v1/traces',
      sendsKeyToExporter: false,
      maxQueueSize: 32_768,
      maxExportBatchSize: 512,
      scheduledDelayMillis: 1000,
      exportsMetrics: false,
      exportsLogs: false,
      parent: undefined,
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('reads what is set', () => {
    const { config, faults } = readConfig({
      WHENCE_ISSUER_URL: 'http://127.0.0.1:4318/',
      WHENCE_KEY: 'wk_1.secret',
      WHENCE_LOG: 'SILENT',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4417/',
      OTEL_BSP_MAX_QUEUE_SIZE: '100',
      OTEL_TRACES_SAMPLER: 'always_off',
      OTEL_METRICS_EXPORTER: 'otlp',
      TRACEPARENT: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      TRACESTATE: 'other=1',
    });
    expect(faults).toEqual([]);
    expect(config).toMatchObject({
      issuerUrl: 'http://127.0.0.1:4318',
      key: 'wk_1.secret',
      log: 'silent',
      tracesEndpoint: 'http://127.0.0.1:4417/v1/traces',
      sendsKeyToExporter: true,
      maxQueueSize: 100,
      maxExportBatchSize: 100,
      exportsMetrics: true,
      parent: {
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        tracestate: 'other=1',
      },
    });
    expect(config.sampler).toBeInstanceOf(AlwaysOffSampler);
  });

  it('lets options override the environment', () => {
    const sampler = new AlwaysOffSampler();
    const { config } = readConfig(
      { WHENCE_ISSUER_URL: 'http://env', WHENCE_KEY: 'env', WHENCE_LOG: 'info' },
      { issuerUrl: 'https://option', key: 'option', log: 'warn', service: 'billing', sampler },
    );
    expect(config).toMatchObject({
      issuerUrl: 'https://option',
      key: 'option',
      log: 'warn',
      service: 'billing',
      sampler,
    });
  });

  it('keeps its key from an exporter that has an authorization of its own', () => {
    const env = { WHENCE_KEY: 'k', OTEL_EXPORTER_OTLP_HEADERS: 'x-a=1, Authorization=Basic%20abc' };
    expect(readConfig(env).config.sendsKeyToExporter).toBe(false);
    expect(readConfig({ ...env, OTEL_EXPORTER_OTLP_HEADERS: 'x-authorization=1' }).config).toMatchObject({
      sendsKeyToExporter: true,
    });
  });

  it.each([
    ['http://127.0.0.1:4318', undefined, true],
    ['http://localhost:4318', undefined, true],
    ['http://[::1]:4318', undefined, true],
    ['http://collector:4318', 'http://collector:4318', true],
    ['http://collector:4319', 'http://collector:4318', true],
    ['https://traces.vendor.example', 'http://collector:4318', false],
    ['https://traces.vendor.example', undefined, false],
    ['http://127.0.0.1.vendor.example', undefined, false],
  ])('with traces going to %s and the issuer at %s, sends its key: %s', (endpoint, issuer, sent) => {
    const { config, faults } = readConfig({
      WHENCE_KEY: 'k',
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      ...(issuer === undefined ? {} : { WHENCE_ISSUER_URL: issuer }),
    });
    expect(config.sendsKeyToExporter).toBe(sent);
    expect(faults.length).toBe(sent ? 0 : 1);
  });

  it('sends spans to the issuer where nobody says otherwise', () => {
    const issuer = { WHENCE_ISSUER_URL: 'http://collector:4318/' };
    expect(readConfig(issuer).config.tracesEndpoint).toBe('http://collector:4318/v1/traces');
    expect(
      readConfig({ ...issuer, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://agent:4318' }).config.tracesEndpoint,
    ).toBe('http://agent:4318/v1/traces');
  });

  it('says every fault at once and goes on without the value', () => {
    const { config, faults } = readConfig({
      WHENCE_ISSUER_URL: 'ftp://x',
      WHENCE_KEY: 'line\nbreak',
      WHENCE_LOG: 'loud',
      OTEL_BSP_MAX_QUEUE_SIZE: '-1',
      OTEL_BSP_SCHEDULE_DELAY: '1e3',
      OTEL_TRACES_SAMPLER: 'sometimes',
      OTEL_TRACES_SAMPLER_ARG: '2',
      OTEL_TRACES_EXPORTER: 'zipkin',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    });
    expect(faults).toHaveLength(9);
    expect(faults.join('\n')).not.toContain('line\nbreak');
    expect(config).toMatchObject({
      issuerUrl: undefined,
      key: undefined,
      log: 'info',
      tracesExporter: 'otlp',
      maxQueueSize: 32_768,
      scheduledDelayMillis: 1000,
    });
  });

  it('sends spans to where they go by default, where the address is none', () => {
    for (const OTEL_EXPORTER_OTLP_ENDPOINT of ['not a url', 'ftp://there', 'there:4318']) {
      const { config, faults } = readConfig({ OTEL_EXPORTER_OTLP_ENDPOINT });
      expect(config.tracesEndpoint).toBe('http://localhost:4318/v1/traces');
      expect(faults).toEqual([expect.stringContaining('OTEL_EXPORTER_OTLP_ENDPOINT')]);
    }
  });

  it('takes gRPC’s own port, beside the issuer, and targets without a scheme', () => {
    const grpc = { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' };
    const endpointOf = (env: Record<string, string>) => readConfig({ ...grpc, ...env }).config.tracesEndpoint;
    expect(endpointOf({})).toBe('http://localhost:4317');
    expect(endpointOf({ WHENCE_ISSUER_URL: 'https://collector:4318' })).toBe('https://collector:4317');
    expect(endpointOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' })).toBe('collector:4317');
  });

  it('never throws', () => {
    const names = ['WHENCE_ISSUER_URL', 'WHENCE_KEY', 'WHENCE_LOG', 'OTEL_TRACES_SAMPLER_ARG', 'TRACEPARENT'];
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), fc.string({ unit: 'binary' })), (env) => {
        readConfig(env);
      }),
      { numRuns: 50 },
    );
  });
});
