import type { Notices } from '../settings/notices.ts';

/** Tells the record itself of spans that it will not have. */
export type ReportLoss = (spans: number, reason: string) => void;

/**
 * What became of spans other than being exported at once: each that is lost is counted, told to the people who run the
 * host (once when it begins, once when it is over, in total at the end), and reported in the record.
 */
export class SpanLosses {
  readonly #notices: Notices;
  readonly #tellRecord: ReportLoss;
  #total = 0;
  #dropped = 0;
  #dropReason = '';
  #failed = 0;
  #failReason = '';
  #spooled = 0;
  #told = 0;

  constructor(notices: Notices, tellRecord: ReportLoss = () => {}) {
    this.#notices = notices;
    this.#tellRecord = tellRecord;
  }

  get total(): number {
    return this.#total;
  }

  dropped(reason: string): void {
    this.#total += 1;
    this.#dropped += 1;
    if (this.#dropped > 1) return;
    this.#dropReason = reason;
    this.#notices.warn(`spans are being dropped: ${reason}`);
  }

  /** There is room in the queue again. */
  room(): void {
    if (this.#dropped === 0) return;
    this.#notices.warn(`${spans(this.#dropped)} ${wasOrWere(this.#dropped)} dropped`);
    this.#reportDropped();
  }

  exportFailed(count: number, reason: string): void {
    if (this.#failed === 0) this.#notices.warn(`spans are being lost: they are refused (${reason})`);
    this.#failReason = reason;
    this.#total += count;
    this.#failed += count;
  }

  exported(): void {
    if (this.#failed === 0) return;
    this.#notices.warn(`spans can be exported again; ${this.#failed} ${wasOrWere(this.#failed)} lost`);
    this.#reportFailed();
  }

  /** Reports what has not been reported, whether it is over or not. @returns whether there was any */
  report(): boolean {
    const any = this.#dropped + this.#failed > 0;
    this.#reportDropped();
    this.#reportFailed();
    return any;
  }

  away(reason: string): void {
    this.#notices.warnOnce(AWAY, `spans wait: their receiver cannot take them now (${reason})`);
  }

  back(): void {
    this.#notices.over(AWAY);
    this.#notices.over(FULL);
    this.#spooled = 0;
  }

  spooled(count: number, path: string): void {
    this.#spooled += count;
    if (this.#spooled === count) this.#notices.info(`spans wait on disk, in ${path}`);
  }

  spoolFull(reason: string): void {
    this.#notices.warnOnce(FULL, `no more spans can wait on disk (${reason}): they wait in memory`);
  }

  /** Said at the end, where there is something new to say. @param held spans that nobody will export any more */
  tellTotal(held: number): void {
    const lost = this.#total + held;
    if (lost > this.#told)
      this.#notices.warn(`${spans(lost)} of this process ${wasOrWere(lost)} not exported`);
    this.#told = Math.max(this.#told, lost);
    if (this.#spooled === 0) return;
    const wait = this.#spooled === 1 ? 'waits' : 'wait';
    this.#notices.warn(`${spans(this.#spooled)} ${wait} on disk for the next process of this service`);
    this.#spooled = 0;
  }

  #reportDropped(): void {
    const count = this.#dropped;
    this.#dropped = 0;
    if (count > 0) this.#tellRecord(count, this.#dropReason);
  }

  #reportFailed(): void {
    const count = this.#failed;
    this.#failed = 0;
    if (count > 0) this.#tellRecord(count, this.#failReason);
  }
}

const AWAY = 'receiver away';
const FULL = 'spool full';

const spans = (count: number): string => (count === 1 ? '1 span' : `${count} spans`);
const wasOrWere = (count: number): string => (count === 1 ? 'was' : 'were');
