export type { CauseSource } from './carriers/carried-by.ts';
export { type Carrier, carrier, childEnv } from './carriers/carrier.ts';
export { causedBy } from './carriers/caused-by.ts';
export { type ActionDetails, action } from './runs/action.ts';
export { bind, type CurrentRun, current } from './runs/active-run.ts';
export type { ActiveRun, RunOptions } from './runs/run-options.ts';
export { type RunRefusalCode, RunRefused } from './runs/run-refused.ts';
export type { LogLevel, WhenceOptions } from './settings/config.ts';
export { flush, run, shutdown, type Whence, whence } from './whence.ts';
