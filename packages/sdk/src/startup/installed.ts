import type { ProcessEnd } from '../export/process-end.ts';
import type { SdkConfig } from '../settings/config.ts';
import type { Notices } from '../settings/notices.ts';
import type { Whence } from '../whence.ts';

/** What belongs to the one set-up of a process. */
export interface Installed {
  readonly whence: Whence;
  readonly config: SdkConfig;
  readonly notices: Notices;
  readonly end: ProcessEnd;
  /** Whether ES modules see http patched. */
  readonly httpPatched: boolean;
}

/** Of the process, not of this module: it may be loaded twice. */
const INSTALLED = Symbol.for('whence.sdk');
const process_ = globalThis as { [INSTALLED]?: Installed };

export const installed = (): Installed | undefined => process_[INSTALLED];

export const setInstalled = (made: Installed): void => {
  process_[INSTALLED] = made;
};
