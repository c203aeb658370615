export {
  COMPRESSIONS,
  type Compression,
  checkStoreOptions,
  type StoreOptions,
  type StoreTls,
  urlsOf,
} from './addresses.ts';
export type { ActionFacts } from './attributions/action-facts.ts';
export type {
  Arrivals,
  ArrivalTable,
  Arrived,
  ArrivedPart,
  EvidenceTable,
  Slice,
} from './attributions/arrivals.ts';
export type { Attribution, Inherited } from './attributions/attribution.ts';
export type { AttributionReader, AttributionSearch } from './attributions/attribution-reader.ts';
export {
  HOURS_AT_ONCE,
  type InheritedCounts,
  type PrincipalHour,
  type TouchedHour,
} from './attributions/inherited-counts.ts';
export { attributionOf } from './attributions/overlay.ts';
export { slicesOf } from './attributions/slices.ts';
export type {
  EvidencedRun,
  EvidenceReader,
  SpanEvidence,
  TracesRead,
} from './attributions/span-evidence.ts';
export { storedArrivals } from './attributions/stored-arrivals.ts';
export { storedInheritedCounts } from './attributions/stored-inherited-counts.ts';
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
export { CredentialLog, type CredentialLogOptions } from './credentials/credential-log.ts';
export type { CredentialHolder } from './credentials/credential-uses.ts';
export {
  DELIVERY_EVENTS,
  DELIVERY_STATUSES,
  type Delivery,
  type DeliveryEvent,
  type DeliveryLog,
  type DeliveryPosition,
  type DeliveryStatus,
} from './findings/delivery-log.ts';
export type { AuthorityInUse } from './findings/detect/authorities-in-use.ts';
export type { CredentialAge } from './findings/detect/credential-ages.ts';
export type { ActorAddresses, CameFrom } from './findings/detect/credential-hosts.ts';
export type { HourCount } from './findings/detect/hourly-counts.ts';
export type { ReceivedWindow, Seen } from './findings/detect/received.ts';
export type { SentActions } from './findings/detect/unproven-actions.ts';
export type { Detectors } from './findings/detectors.ts';
export {
  FINDING_STATES,
  type Finding,
  type FindingEvidence,
  type FindingPart,
  type FindingState,
  type FindingWord,
  SEVERITIES,
  type Severity,
  SUBJECT_KINDS,
  type SubjectKind,
} from './findings/finding.ts';
export type {
  FindingCount,
  FindingFilter,
  FindingPosition,
  FindingRegister,
  ToldPart,
} from './findings/finding-register.ts';
export { MUTES_MAX, type Mute, type MutePattern, type MuteRegister } from './findings/mute-register.ts';
export { type FindingStore, findingStoreOf, tenantsWithRecords } from './findings/open-findings.ts';
export type { RuleProgress, RuleRegister, RuleSetting } from './findings/rule-register.ts';
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
  type TouchingAction,
  type TraceOutline,
} from './readers/actions/action-reader.ts';
export type { CauseReader, CausesFound } from './readers/actions/cause-reader.ts';
export type { OutlinedAction, OutlineFound } from './readers/actions/outlined-action.ts';
export {
  type AttributionDoubt,
  type CauseLink,
  type RecordedAction,
  spanKey,
} from './readers/actions/recorded-action.ts';
export { checkReading } from './readers/check-reading.ts';
export {
  COVERAGE_DIMENSIONS,
  type Counts,
  type Coverage,
  type CoverageDimension,
  type CoverageReader,
} from './readers/coverage/coverage-reader.ts';
export {
  CREDENTIAL_ORDERS,
  type CredentialDetail,
  type CredentialEntry,
  type CredentialFilter,
  type CredentialIssue,
  type CredentialPage,
  type CredentialPosition,
  type CredentialReader,
  type CredentialSummary,
} from './readers/credentials/credential-reader.ts';
export { type Readers, readersOf } from './readers/open-readers.ts';
export type { Doings } from './readers/principals/doings.ts';
export type { Declaration, OwnerRegister } from './readers/principals/owner-register.ts';
export {
  type ActivityRange,
  type ActivityStep,
  type Footprint,
  type FootprintPosition,
  type OwnershipFilter,
  PRINCIPAL_ORDERS,
  type PrincipalFilter,
  type PrincipalPosition,
  type PrincipalProfile,
  type PrincipalReader,
  type PrincipalSummary,
  STEPS,
  type Step,
} from './readers/principals/principal-reader.ts';
export type { Ranked } from './readers/principals/ranked.ts';
export type {
  QueriesFound,
  QueryFilter,
  QueryPosition,
  QueryReader,
  QuerySearch,
  RecordedQuery,
} from './readers/questions/query-reader.ts';
export type { PrincipalReach, Reach, Reached, ReachReader } from './readers/reach/reach-reader.ts';
export { mayName, type RecordedRun } from './readers/runs/recorded-run.ts';
export type { RunReader, RunScope, RunsFound } from './readers/runs/run-reader.ts';
export { EARLIEST_NANOS, formatNanos, LATEST_NANOS, parseRfc3339 } from './readers/statements/rfc3339.ts';
export type { ArtefactReader, RevisionWork } from './readers/targets/artefact-reader.ts';
export {
  TARGET_ORDERS,
  type TargetPosition,
  type TargetReader,
  type TargetSummary,
} from './readers/targets/target-reader.ts';
export { isShape } from './readers/targets/target-shape.ts';
export type {
  Listed,
  OperationReader,
  OperationsAsked,
  ServiceOperation,
} from './readers/traces/operation-reader.ts';
export type { Attributes, RecordedSpan, SpanEvent, SpanLink } from './readers/traces/recorded-span.ts';
export type {
  ServiceCalls,
  ServiceSummary,
  SpanPlace,
  SpansOfHour,
  TraceFilter,
  TraceLayout,
  TraceReader,
  TraceSearch,
  TraceSummary,
  TracesFound,
} from './readers/traces/trace-reader.ts';
export { applyRetention } from './retention/apply-retention.ts';
export { keepRetention } from './retention/keep-retention.ts';
export { type ReadRetention, type Retention, readRetention } from './retention/retention.ts';
export {
  type RetentionReader,
  storedRetention,
  type TableStored,
  type TierStored,
} from './retention/stored-retention.ts';
export { KEPT_TIERS, TIERS, type Tier } from './retention/tiers.ts';
export type { CredentialUse } from './rowbinary/credential-rows.ts';
export { encodeGapRow, GAP_REASONS, type Gap, type GapReason } from './rowbinary/gap-rows.ts';
export { encodeOwnAction, type OwnAction } from './rowbinary/own-action-rows.ts';
export { RowReader, type RowValue } from './rowbinary/row-reader.ts';
export { RowWriter } from './rowbinary/row-writer.ts';
export { type DecodedRow, decodeRows } from './rowbinary/rows.ts';
export { decodeRunRows, encodeRunRow, type RowPlace, type RunRecordKind } from './rowbinary/run-rows.ts';
export { DELIVERY_COUNTS, type DeliveryCount, type DeliveryCounts } from './ship/delivery-counts.ts';
export type { ShipLog } from './ship/ship-log.ts';
export { type ShippedListener, Shipper } from './ship/shipper.ts';
export { pause, StoreLink, unlessAborted } from './ship/store-link.ts';
export { AgeWatch } from './spool/age-watch.ts';
export { type DirectoryLock, lockDirectory } from './spool/directory-lock.ts';
export { DiskReserve, type DiskReserveOptions } from './spool/disk-reserve.ts';
export {
  CURSOR_SUFFIX,
  DATA_SUFFIX,
  INDEX_SUFFIX,
  readSegmentBytes,
  type SealedSegment,
} from './spool/segment.ts';
export type { SetAsideReason } from './spool/segment-folder.ts';
export { decodeIndexRecord, INDEX_RECORD_BYTES, type IndexRecord } from './spool/segment-index.ts';
export { type Place, Spool, type SpoolLog, type SpoolOptions } from './spool/spool.ts';
export { StoreError, type StoreErrorCode } from './store-error.ts';
export { type Column, columnList, type RowTable } from './tables/columns.ts';
export { CREDENTIAL_RECORDS } from './tables/credential-records.ts';
export { GAPS } from './tables/gaps.ts';
export { OTEL_TRACES } from './tables/otel-traces.ts';
export { RUNS } from './tables/runs.ts';
