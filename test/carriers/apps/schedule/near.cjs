const EACH_SECOND = '* * * * * *';

/** Arms `tick` with one scheduler, and gives back what disarms it. */
const schedulers = {
  croner: async (load, tick) => {
    const { Cron } = await load('croner');
    const cron = new Cron(EACH_SECOND, { name: 'nightly' }, tick);
    return () => cron.stop();
  },
  'croner without a name': async (load, tick) => {
    const { Cron } = await load('croner');
    const cron = new Cron(EACH_SECOND).schedule(tick);
    return () => cron.stop();
  },
  'node-cron': async (load, tick) => {
    const task = (await load('node-cron')).schedule(EACH_SECOND, tick, { name: 'nightly' });
    return () => task.destroy();
  },
  'node-cron, made first and started then': async (load, tick) => {
    const task = (await load('node-cron')).createTask(EACH_SECOND, tick, { name: 'nightly' });
    task.start();
    return () => task.destroy();
  },
  'node-schedule': async (load, tick) => {
    const job = (await load('node-schedule')).scheduleJob('nightly', EACH_SECOND, tick);
    return () => job.cancel();
  },
  'scheduled, by setInterval': async (load, tick) => {
    const { scheduled } = await load('@whence/sdk');
    const timer = setInterval(scheduled({ job: 'nightly' }, tick), 10);
    return () => clearInterval(timer);
  },
  'scheduled, by croner': async (load, tick) => {
    const [{ scheduled }, { Cron }] = [await load('@whence/sdk'), await load('croner')];
    const cron = new Cron(EACH_SECOND, { name: 'not this' }, scheduled({ job: 'nightly' }, tick));
    return () => cron.stop();
  },
};

/** Arms a scheduler in a run, and says what that run and the first tick after it did. */
module.exports = async (load) => {
  const { action, current, run } = await load('@whence/sdk');
  const ended = Promise.withResolvers();
  const ticked = Promise.withResolvers();
  let disarm;
  const registrar = await run({ job: 'registrar' }, ({ runId }) =>
    action('register', {}, async (span) => {
      const tick = async () => {
        await ended.promise;
        disarm();
        const { traceId, spanId } = action('tick work', {}, (work) => work.spanContext());
        ticked.resolve({ runId: current()?.runId, traceId, spanId });
      };
      disarm = await schedulers[process.env.SCHEDULER](load, tick);
      const { traceId, spanId } = span.spanContext();
      return { runId, traceId, spanId };
    }),
  );
  ended.resolve();
  process.stdout.write(`${JSON.stringify({ registrar, tick: await ticked.promise })}\n`);
};
