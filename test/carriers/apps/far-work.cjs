const { trace } = require('@opentelemetry/api');

/** The action of the far side that is asked about, with whichever SDK is set up here. Says which it was. */
exports.farWork = () =>
  trace.getTracer('far').startActiveSpan('far work', (span) => {
    const { traceId, spanId } = span.spanContext();
    span.end();
    process.stdout.write(`${JSON.stringify({ traceId, spanId })}\n`);
  });

/** The address, or whatever else the near side needs to find this one. */
exports.sayReady = (address) => process.stdout.write(`${JSON.stringify({ ready: address })}\n`);
