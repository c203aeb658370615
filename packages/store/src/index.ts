export {
  COMPRESSIONS,
  type Compression,
  checkStoreOptions,
  type StoreOptions,
  type StoreTls,
  urlsOf,
} from './addresses.ts';
export type {
  Arrivals,
  ArrivalTable,
  Arrived,
  ArrivedPart,
  Slice,
} from './attributions/arrivals.ts';
export type { Attribution, Inherited } from './attributions/attribution.ts';
export type { AttributionReader, AttributionSearch } from './attributions/attribution-reader.ts';
export { attributionOf } from './attributions/overlay.ts';
export { slicesOf } from './attributions/slices.ts';
export type {
  ActionFacts,
  Between,
  EvidencedRun,
  EvidenceReader,
  SpanEvidence,
  TracesRead,
} from './attributions/span-evidence.ts';
export { storedArrivals } from './attributions/stored-arrivals.ts';
export type { IdRange, TraceSelection } from './attributions/trace-selection.ts';
export { writeAttributions } from './attributions/write-attributions.ts';
export {
  type Batch,
  countRows,
  type HeldRows,
  heldRows,
  type InsertOutcome,
  insertBatch,
} from './batches.ts';
export { migrate, readMigrations } from './migrations.ts';
export { openStore, type Store, storeErrorOf } from './open.ts';
export {
  type ActionFilter,
  type ActionPage,
  type ActionPosition,
  type ActionReader,
  type ActionSearch,
  type ActionsFound,
  type OutlinedSpan,
  RECORDS_PER_SPAN,
  type RunTotals,
  type TraceOutline,
} from './readers/action-reader.ts';
export type { CauseReader, CausesFound } from './readers/cause-reader.ts';
export { type Readers, readersOf } from './readers/open-readers.ts';
export {
  type AttributionDoubt,
  type CauseLink,
  type RecordedAction,
  spanKey,
} from './readers/recorded-action.ts';
export { mayName, type RecordedRun } from './readers/recorded-run.ts';
export { formatNanos, parseRfc3339 } from './readers/rfc3339.ts';
export type { RunReader, RunScope, RunsFound } from './readers/run-reader.ts';
export { encodeGapRow, GAP_REASONS, type Gap, type GapReason } from './rowbinary/gap-rows.ts';
export { RowReader, type RowValue } from './rowbinary/row-reader.ts';
export { RowWriter } from './rowbinary/row-writer.ts';
export { type DecodedRow, decodeRows } from './rowbinary/rows.ts';
export { decodeRunRows, encodeRunRow, type RowPlace, type RunRecordKind } from './rowbinary/run-rows.ts';
export { StoreError, type StoreErrorCode } from './store-error.ts';
export { type Column, columnList, type RowTable } from './tables/columns.ts';
export { GAPS } from './tables/gaps.ts';
export { OTEL_TRACES } from './tables/otel-traces.ts';
export { RUNS } from './tables/runs.ts';
