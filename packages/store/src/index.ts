export { migrate, readMigrations } from './migrations.ts';
export { openStore, type Store, type StoreOptions, storeErrorOf } from './open.ts';
export { StoreError, type StoreErrorCode } from './store-error.ts';
export { type Column, columnList, type RowTable } from './tables/columns.ts';
export { OTEL_TRACES } from './tables/otel-traces.ts';
export { RUNS } from './tables/runs.ts';
