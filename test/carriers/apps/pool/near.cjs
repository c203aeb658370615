const { join } = require('node:path');

/** Two threads, made in the first of two runs that use them at the same time. Says what each task did, and for whom. */
module.exports = async (load) => {
  const { Worker } = await load('node:worker_threads');
  const { action, carrier, current, run } = await load('@whence/sdk');
  const threads = [];
  const waiting = new Map();
  const makePool = () => {
    for (let at = 0; at < 2; at++) {
      const thread = new Worker(process.argv[1], { argv: [join(__dirname, 'far.cjs')] });
      thread.on('message', ({ task, did }) => {
        waiting.get(task)({ did, heardIn: current()?.runId });
        waiting.delete(task);
      });
      threads.push(thread);
    }
  };
  let posted = 0;
  const does = (whence) =>
    new Promise((resolve) => {
      const task = posted++;
      waiting.set(task, resolve);
      threads[task % 2].postMessage({ task, whence });
    });
  const serve = (job) =>
    run({ job }, async ({ runId }) => {
      if (threads.length === 0) makePool();
      const tasks = Array.from({ length: 10 }, () => action('task', {}, () => does(carrier())));
      const ofNobody = does(undefined);
      return {
        runId,
        tasks: await Promise.all(tasks),
        ofNobody: await ofNobody,
        after: current().runId,
      };
    });
  const runs = await Promise.all([serve('first'), serve('second')]);
  process.stdout.write(`${JSON.stringify(runs)}\n`);
  for (const thread of threads) thread.postMessage('end');
};
