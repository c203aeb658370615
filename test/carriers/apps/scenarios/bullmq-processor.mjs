import { action, causedBy, flush } from '@whence/sdk';

export default async (job) => {
  action(`unsaid ${job.name}`, {}, () => {});
  causedBy(job, 'message', () => action(`work ${job.name}`, {}, () => {}));
  await flush();
};
