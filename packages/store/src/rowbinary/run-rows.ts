import { ASSURANCES, type Run, runIdToBytes } from '@whence/model';
import { type RunRow, runOfRecord } from '../readers/runs/run-row.ts';
import { RUNS } from '../tables/runs.ts';
import type { RowWriter } from './row-writer.ts';
import { type DecodedRow, decodeRows } from './rows.ts';

const NO_ID = new Uint8Array(16);

const RECORD_KINDS = ['started', 'ended'] as const;
export type RunRecordKind = (typeof RECORD_KINDS)[number];

/** What the spool adds to a row: the batch that carries it and its place there. */
export interface RowPlace {
  readonly batchId: Uint8Array;
  readonly rowNumber: number;
  readonly receivedAtMillis: number;
}

/** Encodes one row of `runs`, in the column order of `RUNS`. */
export const encodeRunRow = (writer: RowWriter, record: RunRecordKind, run: Run, place: RowPlace): void => {
  writer.reserve(4096);
  writer.string(run.tenant);
  writer.reserve(4096);
  writer.uuid(runIdToBytes(run.id));
  writer.uuid(runIdToBytes(run.rootId));
  writer.uuid(run.parentId === undefined ? NO_ID : runIdToBytes(run.parentId));
  writer.varint(run.path.length);
  for (const ancestor of run.path) writer.uuid(runIdToBytes(ancestor));
  writer.uint8(RECORD_KINDS.indexOf(record));
  writer.string(run.job);
  writer.reserve(4);
  writer.uint32(run.attempt);
  writer.string(run.trigger);
  writer.string(run.principal.id);
  writer.string(run.principal.kind);
  writer.string(run.authority?.id ?? '');
  writer.reserve(1);
  writer.uint8(ASSURANCES.indexOf(run.assurance));
  writer.string(run.actor ?? '');
  writer.reserve(16);
  writer.millis(Date.parse(run.startedAt));
  writer.millis(run.endedAt === undefined ? 0 : Date.parse(run.endedAt));
  writer.string(run.outcome ?? '');
  writer.string(run.message ?? '');
  writer.reserve(28);
  writer.millis(place.receivedAtMillis);
  writer.uuid(place.batchId);
  writer.uint32(place.rowNumber);
};

/**
 * The runs that rows of `runs` tell of, in their order, each as it was at that record.
 *
 * @throws StoreError `row_malformed`
 */
export function* decodeRunRows(bytes: Uint8Array): Generator<Run> {
  for (const { values } of decodeRows(RUNS, bytes)) yield runOfRecord(readRow(values));
}

const readRow = (values: DecodedRow['values']): RunRow =>
  ({
    ...values,
    Record: RECORD_KINDS[values['Record'] as number],
    Assurance: ASSURANCES[values['Assurance'] as number],
    StartedMillis: String(values['StartedAt']),
    EndedMillis: String(values['EndedAt']),
  }) as unknown as RunRow;
