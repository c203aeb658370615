import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { type OtlpEndpoint, startOtlpEndpoint } from '../stage/otlp-endpoint.ts';
import type { OtlpSpan, OtlpValue } from '../stage/otlp-request.ts';
import { programThatEnds } from '../stage/service-process.ts';

/** What a program of `apps/scenarios` said, and every span of it. */
export interface Scenario {
  // biome-ignore lint/suspicious/noExplicitAny: what it is, the program says
  readonly said: any;
  readonly spans: readonly ScenarioSpan[];
  /** The one span of that name. */
  named(name: string): ScenarioSpan;
  allNamed(name: string): readonly ScenarioSpan[];
  /** The first span of a span's trace. */
  rootOf(span: ScenarioSpan): ScenarioSpan;
}

export interface ScenarioSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  /** Its reference; undefined where it is nobody's. */
  readonly run: string | undefined;
  readonly causes: readonly {
    readonly spanId: string;
    readonly kind: unknown;
    readonly run: string | undefined;
  }[];
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly error: string | undefined;
}

const REGISTER = import.meta.resolve('@whence/sdk/register');

/** Runs it to its end under the SDK, where runs are asserted: no issuer is asked. */
export const playScenario = async (name: string, environment: Record<string, string>): Promise<Scenario> => {
  const endpoint: OtlpEndpoint = await startOtlpEndpoint();
  const program = fileURLToPath(new URL(`./apps/scenarios/${name}.mjs`, import.meta.url));
  const { code, stdout, stderr } = await programThatEnds(program, [], {
    NODE_OPTIONS: `--import ${REGISTER}`,
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint.url,
    OTEL_SERVICE_NAME: name,
    WHENCE_LOG: 'silent',
    ...environment,
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const spans = endpoint.spans().map(scenarioSpan);
  await endpoint.away();
  const allNamed = (wanted: string): ScenarioSpan[] => spans.filter((span) => span.name === wanted);
  return {
    said: JSON.parse(stdout),
    spans,
    allNamed,
    named: (wanted) => {
      const found = allNamed(wanted);
      if (found.length === 1) return found[0]!;
      throw new Error(`${found.length} are named ${wanted}, of ${spans.map((span) => span.name).join(', ')}`);
    },
    rootOf: ({ traceId }) =>
      spans.find((span) => span.traceId === traceId && span.parentSpanId === undefined)!,
  };
};

const scenarioSpan = (span: OtlpSpan): ScenarioSpan => ({
  name: span.name,
  traceId: span.traceId,
  spanId: span.spanId,
  parentSpanId: span.parentSpanId || undefined,
  run: runIn(span.traceState),
  causes: (span.links ?? []).map(({ spanId, traceState, attributes = [] }) => ({
    spanId,
    kind: attributes.map(({ value }) => value.stringValue)[0],
    run: runIn(traceState),
  })),
  attributes: Object.fromEntries(
    (span.attributes ?? []).map(({ key, value }) => [key, attributeValue(value)] as const),
  ),
  error: span.status?.code === 2 ? (span.status.message ?? '') : undefined,
});

const runIn = (traceState = ''): string | undefined => /(?:^|,)whence=([^,]+)/.exec(traceState)?.[1];

const attributeValue = ({ stringValue, intValue, boolValue }: OtlpValue): unknown =>
  stringValue ?? (intValue === undefined ? boolValue : Number(intValue));
