import type { Carrier } from '@whence/sdk';

export const NOTIFY = 'notify';

/** What is put on the `notify` queue. */
export interface NotifyJob {
  readonly accountId: number;
  readonly message: string;
  /** What caused the job: the sender's span and run. */
  readonly whence: Carrier;
}
