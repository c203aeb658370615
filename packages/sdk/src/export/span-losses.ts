import type { Notices } from '../settings/notices.ts';

/**
 * Spans that ended and were not exported: counted each, told once when it begins, once when it is over, and in total
 * at the end.
 */
export class SpanLosses {
  readonly #notices: Notices;
  #total = 0;
  #dropped = 0;
  #failed = 0;
  #told = 0;

  constructor(notices: Notices) {
    this.#notices = notices;
  }

  get total(): number {
    return this.#total;
  }

  dropped(reason: string): void {
    this.#total += 1;
    this.#dropped += 1;
    if (this.#dropped === 1) this.#notices.warn(`spans are being dropped: ${reason}`);
  }

  queued(): void {
    if (this.#dropped === 0) return;
    this.#notices.warn(`${spans(this.#dropped)} ${wasOrWere(this.#dropped)} dropped`);
    this.#dropped = 0;
  }

  exportFailed(count: number, reason: string): void {
    if (this.#failed === 0) this.#notices.warn(`spans are being lost: they cannot be exported (${reason})`);
    this.#total += count;
    this.#failed += count;
  }

  exported(): void {
    if (this.#failed === 0) return;
    this.#notices.warn(`spans can be exported again; ${this.#failed} were lost`);
    this.#failed = 0;
  }

  /** Said at the end, where there is something new to say. @param held spans that nobody will export any more */
  tellTotal(held: number): void {
    const lost = this.#total + held;
    if (lost > this.#told)
      this.#notices.warn(`${spans(lost)} of this process ${wasOrWere(lost)} not exported`);
    this.#told = Math.max(this.#told, lost);
  }
}

const spans = (count: number): string => (count === 1 ? '1 span' : `${count} spans`);
const wasOrWere = (count: number): string => (count === 1 ? 'was' : 'were');
