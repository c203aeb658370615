/** One action in a run, inside of which `call` reaches the far side. Says which run and action it was. */
exports.nearWork = async ({ run, action }, call) => {
  const cause = await run({ job: 'near' }, async ({ runId, reference }) =>
    action('near work', {}, async (span) => {
      await call();
      const { traceId, spanId } = span.spanContext();
      return { runId, reference, traceId, spanId };
    }),
  );
  process.stdout.write(`${JSON.stringify(cause)}\n`);
};
