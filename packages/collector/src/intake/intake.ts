import { ASSURANCES, type Counters, type Run, type Witness } from '@whence/model';
import { RowWriter, type Spool } from '@whence/store';
import { assertedRunOf } from '../attribution/asserted-runs.ts';
import type { Attributor } from '../attribution/attributor.ts';
import { COUNTED } from '../counters.ts';
import { TraceTranscoder, type Transcoded } from '../otlp/trace-transcoder.ts';
import type { RunLog } from '../run-log.ts';
import { encodeRequestColumns } from './request-columns.ts';

/** Who sends, from the credential, never from the payload. */
export interface Sender {
  readonly tenant: string;
  /** Empty: anonymous. */
  readonly actor: string;
  readonly witness: Witness;
}

export interface IntakeParts {
  readonly traces: Spool;
  readonly runLog: RunLog;
  readonly attributorOf: (tenant: string) => Attributor;
  readonly counters: Counters;
}

/** What is durable when `accept` resolves. */
export interface Accepted {
  readonly spans: number;
  /** Spans without a trace or span id, which were left out: the sender is told. */
  readonly rejectedSpans: number;
}

/** The door: decode, attribute, encode in one pass; resolve when the rows are on disk. */
export interface Intake {
  /**
   * @param body an OTLP `ExportTraceServiceRequest`, protobuf.
   * @throws CollectorError `otlp_malformed`: nothing is kept; StoreError `spool_unavailable`: nothing is promised.
   */
  accept(body: Uint8Array, sender: Sender): Promise<Accepted>;
}

/** Buffers that are kept for the next requests; one that has grown larger is let go of. */
const BUFFERS_KEPT = 16;
const BUFFER_KEEP_BYTES = 8 << 20;

export const createIntake = ({ traces, runLog, attributorOf, counters }: IntakeParts): Intake => {
  const transcoder = new TraceTranscoder();
  /** Each request writes its rows into one of these, from which they go to disk: nothing is copied. */
  const idle: RowWriter[] = [];
  const giveBack = (writer: RowWriter): void => {
    if (idle.length < BUFFERS_KEPT && writer.bytes.length <= BUFFER_KEEP_BYTES) idle.push(writer);
  };

  /** For the place that is next now: valid until the next `await`. */
  const encode = (writer: RowWriter, body: Uint8Array, sender: Sender) => {
    const place = traces.place(Date.now());
    const claims: Run[] = [];
    const byAssurance = new Uint32Array(ASSURANCES.length);
    writer.reset();
    const transcoded: Transcoded = transcoder.transcode(
      body,
      writer,
      encodeRequestColumns(sender, place),
      attributorOf(sender.tenant),
      place.firstRow,
      {
        span: (columns, known, bytes, times) => {
          byAssurance[ASSURANCES.indexOf(columns.assurance)]!++;
          const claim = assertedRunOf(columns, known, bytes, times, sender);
          if (claim !== undefined) claims.push(claim);
        },
      },
    );
    return { ...transcoded, place, claims, byAssurance };
  };

  const keep = async (writer: RowWriter, body: Uint8Array, sender: Sender): Promise<Accepted> => {
    let encoded = encode(writer, body, sender);
    if (encoded.claims.length > 0) {
      // First, since claims that are kept twice are harmless, and spans are not: a sender that is told no sends again.
      await runLog.appendAll(encoded.claims.map((run) => ({ record: 'ended', run })));
      encoded = encode(writer, body, sender);
    }
    const { rows, withoutId, place, byAssurance } = encoded;
    if (rows > 0) await traces.append(writer.written(), rows, place);
    for (const [i, assurance] of ASSURANCES.entries()) {
      const count = byAssurance[i]!;
      if (count > 0) counters.add(COUNTED.spansAccepted, count, `assurance="${assurance}"`);
    }
    if (withoutId > 0) counters.add(COUNTED.spansRejected, withoutId, 'reason="no_id"');
    return { spans: rows, rejectedSpans: withoutId };
  };

  return {
    async accept(body, sender) {
      const writer = idle.pop() ?? new RowWriter();
      try {
        return await keep(writer, body, sender);
      } finally {
        giveBack(writer);
      }
    },
  };
};
