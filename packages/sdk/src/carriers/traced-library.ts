import type { Instrumentation } from '@opentelemetry/instrumentation';
import type { SdkConfig } from '../settings/config.ts';
import type { Notices } from '../settings/notices.ts';

/** What a carrier may know of the set-up of this process. */
export interface CarrierSettings {
  readonly config: SdkConfig;
  readonly notices: Notices;
}

/** A library whose calls are actions, and which carries the cause where it can. One file each; `LIBRARIES` lists them. */
export interface TracedLibrary {
  /** npm packages that are patched as they are loaded, or URLs of files; none for what comes with Node. */
  readonly packages: readonly string[];
  /** A new one: it patches from the moment it is made. */
  instrumentation(settings: CarrierSettings): Instrumentation;
}
