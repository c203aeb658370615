import { ProxyTracerProvider, type Tracer, type TracerProvider, trace } from '@opentelemetry/api';

/** The tracer of the provider that is set now: it may be set after this module is loaded. */
export const tracer = (): Tracer => {
  const provider = providerNow();
  if (provider !== known.provider) known = { provider, tracer: provider.getTracer('@whence/sdk', '0.1.0') };
  return known.tracer;
};

const providerNow = (): TracerProvider => {
  const provider = trace.getTracerProvider();
  return provider instanceof ProxyTracerProvider ? provider.getDelegate() : provider;
};

/** A look-up by name costs as much as a twentieth of the span. */
let known: { readonly provider: TracerProvider | undefined; readonly tracer: Tracer } = {
  provider: undefined,
  tracer: trace.getTracer('@whence/sdk'),
};
