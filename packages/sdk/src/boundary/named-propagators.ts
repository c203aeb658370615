import { createRequire } from 'node:module';
import type { TextMapPropagator } from '@opentelemetry/api';
import type { Notices } from '../settings/notices.ts';

/** What `OTEL_PROPAGATORS` asks for beside W3C Trace Context, which is always there: it carries the reference. */
export interface NamedPropagators {
  readonly baggage: boolean;
  /** They carry a span's ids and nothing more. */
  readonly others: readonly TextMapPropagator[];
}

/** @returns undefined for `none`: nothing is propagated */
export const namedPropagators = (
  names: string | undefined,
  notices: Notices,
): NamedPropagators | undefined => {
  const named = new Set((names ?? '').split(',').map((name) => name.trim()));
  named.delete('');
  if (named.has('none')) {
    notices.warn('OTEL_PROPAGATORS is none: what other services do for a run cannot be led back to it');
    return undefined;
  }
  const unknown = [...named].filter((name) => !KNOWN.has(name));
  if (unknown.length > 0) {
    notices.warn(
      `OTEL_PROPAGATORS names ${unknown.join(', ')}, which OpenTelemetry's Node SDK does not have: left out`,
    );
  }
  return {
    baggage: named.size === 0 || named.has('baggage'),
    others: [...named].flatMap((name) => (name === 'b3' || name === 'b3multi' ? [b3(name)] : [])),
  };
};

const KNOWN: ReadonlySet<string> = new Set(['tracecontext', 'baggage', 'b3', 'b3multi']);

interface B3Module {
  readonly B3Propagator: new (config: { injectEncoding: number }) => TextMapPropagator;
  readonly B3InjectEncoding: { readonly SINGLE_HEADER: number; readonly MULTI_HEADER: number };
}

/** The one that OpenTelemetry's Node SDK brings along. */
const b3 = (name: 'b3' | 'b3multi'): TextMapPropagator => {
  const requireOfNodeSdk = createRequire(import.meta.resolve('@opentelemetry/sdk-node'));
  const { B3Propagator, B3InjectEncoding } = requireOfNodeSdk('@opentelemetry/propagator-b3') as B3Module;
  const { SINGLE_HEADER, MULTI_HEADER } = B3InjectEncoding;
  return new B3Propagator({ injectEncoding: name === 'b3multi' ? MULTI_HEADER : SINGLE_HEADER });
};
