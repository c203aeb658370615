import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { TXN_TOKEN } from '../../boundary/transaction-token.ts';
import type { TracedLibrary } from '../traced-library.ts';

/** `fetch`, and the package undici: both tell of their requests over diagnostics channels, so nothing is patched. */
export const undici: TracedLibrary = {
  packages: [],
  instrumentation: () => new OneOfEachHeader(),
};

const CREATED = 'undici:request:create';
/** A receiver that finds one of these twice takes neither. */
const ONCE: ReadonlySet<string> = new Set(['traceparent', 'tracestate', TXN_TOKEN]);

/** Headers are added to those that the host has set by hand: of two, the one that was added stays, as with http. */
class OneOfEachHeader extends UndiciInstrumentation {
  override enable(): void {
    super.enable();
    unsubscribe(CREATED, keepLast);
    subscribe(CREATED, keepLast);
  }

  override disable(): void {
    unsubscribe(CREATED, keepLast);
    super.disable();
  }
}

const keepLast = (message: unknown): void => {
  const { headers } = (message as { request: { headers?: unknown } }).request;
  if (!Array.isArray(headers)) return;
  const seen = new Set<string>();
  for (let at = headers.length - 2; at >= 0; at -= 2) {
    const name = `${headers[at]}`.toLowerCase();
    if (!ONCE.has(name)) continue;
    if (seen.has(name)) headers.splice(at, 2);
    seen.add(name);
  }
};
