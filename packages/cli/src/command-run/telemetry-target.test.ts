import { describe, expect, it } from 'vitest';
import { telemetryTarget } from './telemetry-target.ts';

const ISSUER = 'http://collector:4318/';

describe('telemetryTarget', () => {
  it('is the issuer, with the key, where nobody has said anything', () => {
    expect(telemetryTarget({ WHENCE_KEY: 'whk_a_b' }, ISSUER)).toEqual({
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'authorization=Bearer%20whk_a_b',
    });
  });

  it.each([
    ['no issuer', {}, undefined, []],
    ['an endpoint', { WHENCE_KEY: 'k', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://vendor' }, ISSUER, []],
    ['a traces endpoint', { WHENCE_KEY: 'k', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://v' }, ISSUER, []],
    ['no key', {}, ISSUER, ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']],
    [
      'headers',
      { WHENCE_KEY: 'k', OTEL_EXPORTER_OTLP_HEADERS: 'a=b' },
      ISSUER,
      ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'],
    ],
    [
      'an empty endpoint',
      { OTEL_EXPORTER_OTLP_ENDPOINT: '' },
      ISSUER,
      ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'],
    ],
  ])('with %s', (_, env, issuer, names) => {
    expect(Object.keys(telemetryTarget(env, issuer))).toEqual(names);
  });
});
