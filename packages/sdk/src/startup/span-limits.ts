import { getNumberFromEnv } from '@opentelemetry/core';
import type { SpanLimits } from '@opentelemetry/sdk-trace';

/** What the `OTEL_SPAN_*` variables say; the SDK has defaults for the rest. */
export const spanLimits = (): SpanLimits => {
  const limit = (name: keyof SpanLimits, ...variables: string[]): SpanLimits => {
    const value = variables.map(getNumberFromEnv).find((each) => each !== undefined && each >= 0);
    return value === undefined ? {} : { [name]: value };
  };
  return {
    ...limit('attributeCountLimit', 'OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', 'OTEL_ATTRIBUTE_COUNT_LIMIT'),
    ...limit(
      'attributeValueLengthLimit',
      'OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT',
      'OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT',
    ),
    ...limit('eventCountLimit', 'OTEL_SPAN_EVENT_COUNT_LIMIT'),
    ...limit('linkCountLimit', 'OTEL_SPAN_LINK_COUNT_LIMIT'),
    ...limit('attributePerEventCountLimit', 'OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT'),
    ...limit('attributePerLinkCountLimit', 'OTEL_LINK_ATTRIBUTE_COUNT_LIMIT'),
  };
};
