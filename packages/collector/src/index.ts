export { Attributor, type ReferenceJudge, type RunColumns } from './attribution/attributor.ts';
export { type Collector, startCollector } from './collector.ts';
export { CollectorError, type CollectorErrorCode } from './collector-error.ts';
export { COLLECTOR_VARIABLES, type CollectorConfig, readCollectorConfig, type Variable } from './config.ts';
export { encodeRequestColumns } from './intake/request-columns.ts';
export { TraceTranscoder } from './otlp/trace-transcoder.ts';
