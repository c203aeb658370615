export { type ActionDetails, action } from './action.ts';
export { bind, type CurrentRun, current } from './active-run.ts';
export { type Carrier, carrier, childEnv } from './carrier.ts';
export { causedBy } from './caused-by.ts';
export type { LogLevel, WhenceOptions } from './config.ts';
export type { ActiveRun, RunOptions } from './run-options.ts';
export { type RunRefusalCode, RunRefused } from './run-refused.ts';
export { flush, run, shutdown, type Whence, whence } from './whence.ts';
