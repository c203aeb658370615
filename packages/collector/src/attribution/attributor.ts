import type { Assurance, Run } from '@whence/model';
import { encodeRunColumns } from './run-columns.ts';

/** What a reference says, as columns that are encoded already: RunId … Assurance of `otel_traces`. */
export interface RunColumns {
  readonly bytes: Uint8Array;
  readonly assurance: Assurance;
  /** Absent where no run is named, or where the reference cannot be read. */
  readonly runId?: string;
  /** The run's record was known when this was made. */
  readonly recorded: boolean;
}

/** What the attributor asks of the world: is this reference good, and what is known of its run? */
export interface ReferenceJudge {
  /** @returns undefined where the text is no reference. */
  judge(reference: string): { readonly assurance: Assurance; readonly runId: string } | undefined;
  /** The run's record, if this process has it. Must not wait. */
  recordOf(runId: string): Run | undefined;
  /** The record of this run is wanted: fetch it in the background, and call `forget` when it is there. */
  wanted(runId: string): void;
}

const MEMBER = Buffer.from('whence=');
const COMMA = 0x2c;
const EQUALS = 0x3d;
const SPACE = 0x20;
const TAB = 0x09;
/** Longest text that can be a reference; a longer member is refuted unread. */
const REFERENCE_MAX_LENGTH = 48;
const MEMO_MAX_ENTRIES = 65_536;
/** What W3C Trace Context asks to propagate at least (section 3.3.1.5). */
const STATE_KEPT_BYTES = 512;
const WORD = 4;

/**
 * The attribution of one tenant's spans. Per span: find our member in `tracestate`, look its text up among those seen
 * before. Only a text that was not seen before is parsed and its MAC checked.
 */
export class Attributor {
  private readonly judge: ReferenceJudge;
  private readonly memo = new Map<string, RunColumns>();
  private readonly none: RunColumns = unnamed('none');
  private readonly unreadable: RunColumns = unnamed('refuted');
  /** The whole `tracestate` of the span before: spans of one run come together, and most often carry the same. */
  private readonly lastState = new DataView(new ArrayBuffer(STATE_KEPT_BYTES));
  private lastLength = -1;
  private last: RunColumns = this.none;

  constructor(judge: ReferenceJudge) {
    this.judge = judge;
  }

  /** The columns for a span whose `tracestate` lies at that range. `view` is of the same bytes. */
  columnsFor(bytes: Uint8Array, view: DataView, start: number, end: number): RunColumns {
    if (start === end) return this.none;
    if (this.isLast(view, start, end)) return this.last;
    const columns = this.columnsOfState(bytes, start, end);
    const length = end - start;
    this.lastLength = length >= WORD && length <= STATE_KEPT_BYTES ? length : -1;
    for (let i = 0; i < this.lastLength; i++) this.lastState.setUint8(i, bytes[start + i]!);
    this.last = columns;
    return columns;
  }

  /** The record of a run has come or changed: what was remembered of its references no longer holds. */
  forget(runId: string): void {
    for (const [text, columns] of this.memo) if (columns.runId === runId) this.memo.delete(text);
    this.lastLength = -1;
  }

  private columnsOfState(bytes: Uint8Array, start: number, end: number): RunColumns {
    const at = memberValue(bytes, start, end);
    if (at < 0) return this.none;
    const valueEnd = memberEnd(bytes, at, end);
    if (isFollowedByRubbish(bytes, valueEnd, end) || valueEnd - at > REFERENCE_MAX_LENGTH) {
      return this.unreadable;
    }
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + at, valueEnd - at).toString('latin1');
    let columns = this.memo.get(text);
    if (columns === undefined) {
      columns = this.judged(text);
      if (this.memo.size >= MEMO_MAX_ENTRIES) this.memo.clear();
      this.memo.set(text, columns);
    }
    return columns;
  }

  private judged(text: string): RunColumns {
    const verdict = this.judge.judge(text);
    if (verdict === undefined) return this.unreadable;
    const { assurance, runId } = verdict;
    if (assurance === 'refuted') {
      return { bytes: encodeRunColumns({ runId, assurance }), assurance, runId, recorded: true };
    }
    const run = this.judge.recordOf(runId);
    if (run === undefined) this.judge.wanted(runId);
    return {
      bytes: encodeRunColumns(run === undefined ? { runId, assurance } : { runId, assurance, run }),
      assurance,
      runId,
      recorded: run !== undefined,
    };
  }

  /** Word by word, from the end, where the MAC is: other runs differ there at once. The last word looked at overlaps. */
  private isLast(view: DataView, start: number, end: number): boolean {
    const { lastState, lastLength } = this;
    if (end - start !== lastLength) return false;
    for (let i = lastLength - WORD; i > 0; i -= WORD) {
      if (lastState.getInt32(i) !== view.getInt32(start + i)) return false;
    }
    return lastState.getInt32(0) === view.getInt32(start);
  }
}

const unnamed = (assurance: Assurance): RunColumns => ({
  bytes: encodeRunColumns({ assurance }),
  assurance,
  recorded: true,
});

/** Where the value of our member begins, or -1. Members are separated by commas, blanks around them are legal. */
const memberValue = (bytes: Uint8Array, start: number, end: number): number => {
  let at = start;
  while (at < end) {
    while (at < end && (bytes[at] === SPACE || bytes[at] === TAB || bytes[at] === COMMA)) at++;
    let i = 0;
    while (i < MEMBER.length && at + i < end && bytes[at + i] === MEMBER[i]) i++;
    if (i === MEMBER.length) return at + i;
    while (at < end && bytes[at] !== COMMA) at++;
  }
  return -1;
};

/**
 * A member without `=` behind ours: no W3C tracestate. One flipped bit can make the dot before the key id a comma, and
 * a refuted reference must not pass for one that claims nothing.
 */
const isFollowedByRubbish = (bytes: Uint8Array, start: number, end: number): boolean => {
  let at = start;
  while (at < end && (bytes[at] === SPACE || bytes[at] === TAB || bytes[at] === COMMA)) at++;
  if (at === end) return false;
  while (at < end && bytes[at] !== COMMA) if (bytes[at++] === EQUALS) return false;
  return true;
};

const memberEnd = (bytes: Uint8Array, start: number, end: number): number => {
  let valueEnd = start;
  while (valueEnd < end && bytes[valueEnd] !== COMMA) valueEnd++;
  while (valueEnd > start && (bytes[valueEnd - 1] === SPACE || bytes[valueEnd - 1] === TAB)) valueEnd--;
  return valueEnd;
};
