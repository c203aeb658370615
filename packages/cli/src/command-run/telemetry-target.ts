type Env = Readonly<Record<string, string | undefined>>;

const SET_BY_OTHERS = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'];

/**
 * Where nobody has said where traces go, they go to the issuer: it is the collector that hosts it. For this process
 * and for the command, which may run any OpenTelemetry SDK; so in the variables that all of them read, and for traces
 * alone. The key goes along only to the address chosen here.
 *
 * @returns the variables to set
 */
export const telemetryTarget = (env: Env, issuerUrl: string | undefined): Record<string, string> => {
  if (issuerUrl === undefined || SET_BY_OTHERS.some((name) => env[name])) return {};
  const key = env['WHENCE_KEY'];
  const headersSet = env['OTEL_EXPORTER_OTLP_HEADERS'] || env['OTEL_EXPORTER_OTLP_TRACES_HEADERS'];
  return {
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${issuerUrl.replace(/\/+$/, '')}/v1/traces`,
    ...(key && !headersSet
      ? { OTEL_EXPORTER_OTLP_TRACES_HEADERS: `authorization=${encodeURIComponent(`Bearer ${key}`)}` }
      : {}),
  };
};
