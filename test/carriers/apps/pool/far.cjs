module.exports = async (load) => {
  const { parentPort } = await load('node:worker_threads');
  const { action, causedBy } = await load('@whence/sdk');
  const work = () => action('far work', {}, (span) => span.spanContext());
  parentPort.on('message', (message) => {
    if (message === 'end') return parentPort.close();
    const { traceId, spanId } =
      message.whence === undefined ? work() : causedBy(message.whence, 'message', work);
    parentPort.postMessage({ task: message.task, did: { traceId, spanId } });
  });
};
