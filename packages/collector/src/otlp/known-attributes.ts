import { OTEL, WHENCE } from '@whence/model';

/** Attribute keys that decide what an action was; each has a slot. Order is of no matter. */
const KNOWN = { ...WHENCE, ...OTEL };

export type KnownName = keyof typeof KNOWN;

const NAMES = Object.keys(KNOWN) as KnownName[];

/** Slot number by name. */
export const SLOT = Object.fromEntries(NAMES.map((name, slot) => [name, slot])) as Readonly<
  Record<KnownName, number>
>;

const SLOT_COUNT = NAMES.length;

const KEYS: readonly Uint8Array[] = NAMES.map((name) => Buffer.from(KNOWN[name].key));
const TABLE_SIZE = 4096;

/** Length, first, middle and last byte tell nearly all keys apart; the table is checked at load to hold each alone. */
const hashOf = (bytes: Uint8Array, start: number, length: number): number =>
  (Math.imul(length, 0x2d) ^
    Math.imul(bytes[start]!, 0x1f3) ^
    Math.imul(bytes[start + (length >> 1)]!, 0x5b) ^
    Math.imul(bytes[start + length - 1]!, 0x3a7) ^
    Math.imul(bytes[start + length - (length >> 2) - 1]!, 0x95)) &
  (TABLE_SIZE - 1);

/** Slots in the same bucket, as a chain: `HEAD[hash]` first, then `NEXT[slot]`; -1 ends it. */
const HEAD = new Int16Array(TABLE_SIZE).fill(-1);
const NEXT = new Int16Array(SLOT_COUNT).fill(-1);
KEYS.forEach((key, slot) => {
  const hash = hashOf(key, 0, key.length);
  NEXT[slot] = HEAD[hash]!;
  HEAD[hash] = slot;
});

/** The slot of the key at that range, or -1. */
export const slotOf = (bytes: Uint8Array, start: number, length: number): number => {
  if (length === 0) return -1;
  let slot = HEAD[hashOf(bytes, start, length)]!;
  while (slot >= 0 && !matches(KEYS[slot]!, bytes, start, length)) slot = NEXT[slot]!;
  return slot;
};

const matches = (key: Uint8Array, bytes: Uint8Array, start: number, length: number): boolean => {
  if (key.length !== length) return false;
  for (let i = 0; i < length; i++) if (key[i] !== bytes[start + i]) return false;
  return true;
};

/**
 * Where the values of known attributes lie in the output of the span being encoded. Values count only for the span
 * that set them: `begin` empties all slots by moving to the next serial number.
 */
export class KnownValues {
  readonly start: Int32Array = new Int32Array(SLOT_COUNT);
  readonly end: Int32Array = new Int32Array(SLOT_COUNT);
  private readonly setBy = new Int32Array(SLOT_COUNT);
  private serial = 1;

  begin(): void {
    this.serial = (this.serial + 1) | 0;
    if (this.serial === 0) {
      this.setBy.fill(0);
      this.serial = 1;
    }
  }

  set(slot: number, start: number, end: number): void {
    this.setBy[slot] = this.serial;
    this.start[slot] = start;
    this.end[slot] = end;
  }

  has(slot: number): boolean {
    return this.setBy[slot] === this.serial && this.end[slot]! > this.start[slot]!;
  }

  /** The first of two slots that has a value, or -1. */
  either(slot: number, older: number): number {
    return this.has(slot) ? slot : this.has(older) ? older : -1;
  }

  text(slot: number, bytes: Uint8Array): string | undefined {
    if (!this.has(slot)) return undefined;
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(
      'utf8',
      this.start[slot],
      this.end[slot],
    );
  }
}
