import { messageOf } from '../../runs/failure.ts';
import type { Notices } from '../../settings/notices.ts';

const patched = new WeakSet<object>();

/**
 * Patches a library once, however often and from wherever it is loaded. One that is built otherwise than expected works
 * as it would without us, and is said not to be traced.
 *
 * @param target what is patched: the same object for each time that the library is loaded
 */
export const patchOnce = (library: string, target: unknown, notices: Notices, patch: () => void): void => {
  try {
    if (typeof target !== 'object' || target === null) throw new Error('it is not built as expected');
    if (patched.has(target)) return;
    patched.add(target);
    patch();
  } catch (error) {
    notices.warnOnce(`${library} patched`, `${library} is not traced: ${messageOf(error)}`);
  }
};
