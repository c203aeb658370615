const { nearWork } = require('../near-work.cjs');

module.exports = async (load) => {
  const { CloudEvent, HTTP } = await load('cloudevents');
  const sdk = await load('@whence/sdk');
  await nearWork(sdk, async () => {
    const event = new CloudEvent({
      type: 'order.placed',
      source: '/near',
      data: { order: 7 },
      ...sdk.eventCarrier(),
    });
    const { headers, body } = HTTP[process.env.EVENT_MODE](event);
    // A bridge sends it on: what comes with the request is of the bridge, and nothing of the event's cause.
    const bridged = { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` };
    const { request } = await load('node:http');
    const { context, ROOT_CONTEXT } = await load('@opentelemetry/api');
    const { suppressTracing } = await load('@opentelemetry/core');
    await context.with(
      suppressTracing(ROOT_CONTEXT),
      () =>
        new Promise((resolve, reject) => {
          request(process.env.FAR, { method: 'POST', headers: { ...headers, ...bridged } }, (response) =>
            response.resume().on('end', resolve),
          )
            .on('error', reject)
            .end(body);
        }),
    );
  });
};
