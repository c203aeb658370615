// A task of node-cron in a file of its own, and so in a process of its own.
import { current, flush, scheduled } from '@whence/sdk';

const tick = scheduled({ job: 'background' }, () => current()?.job);

export const task = async () => {
  const job = await tick();
  await flush();
  return job;
};
