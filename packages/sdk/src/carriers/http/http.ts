import type { Attributes } from '@opentelemetry/api';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { requestArrives } from '../../boundary/arriving-request.ts';
import type { TracedLibrary } from '../traced-library.ts';

/** `node:http` and `node:https`, both sides. */
export const http: TracedLibrary = {
  packages: [],
  instrumentation: () =>
    new HttpInstrumentation({
      // Called with the request right before its headers are extracted.
      startIncomingSpanHook: ({ headers }) => {
        requestArrives(headers);
        return {};
      },
      startOutgoingSpanHook: ({ path }) => originOf(path),
    }),
};

/** `GET http://elsewhere/ HTTP/1.1` is sent to a proxy, which hands it on, headers and all: elsewhere is the server. */
const originOf = (path: string | null | undefined): Attributes => {
  if (typeof path !== 'string' || !ABSOLUTE.test(path)) return {};
  const origin = URL.parse(path);
  if (origin === null) return { 'server.address': undefined, 'server.port': undefined };
  const usual = origin.protocol === 'https:' ? 443 : 80;
  return { 'server.address': origin.hostname, 'server.port': Number(origin.port) || usual };
};

const ABSOLUTE = /^https?:\/\//i;
