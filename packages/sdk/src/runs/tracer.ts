import { type Tracer, trace } from '@opentelemetry/api';

/** Looked up each time: the provider may be set after this module is loaded. */
export const tracer = (): Tracer => trace.getTracer('@whence/sdk', '0.1.0');
