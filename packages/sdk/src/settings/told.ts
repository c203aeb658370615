import type { Notices } from './notices.ts';

/** Of the process, not of this module: it may be loaded twice. */
const NOTICES = Symbol.for('whence.sdk.notices');
const process_ = globalThis as { [NOTICES]?: Notices };

/** Where this process's set-up says things. */
export const tellBy = (notices: Notices): void => {
  process_[NOTICES] = notices;
};

/** Says it once a topic, where there is a set-up to say it. For parts of the interface that need no set-up to work. */
export const warnOnce = (topic: string, text: string): void => process_[NOTICES]?.warnOnce(topic, text);
