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

const KEYS: readonly DataView[] = NAMES.map((name) => {
  const { buffer, byteOffset, length } = Buffer.from(KNOWN[name].key);
  return new DataView(buffer, byteOffset, length);
});
const LENGTHS = Uint8Array.from(KEYS, (key) => key.byteLength);
const WORD = 4;
const TABLE_BITS = 12;

/** The first and the last word tell nearly all keys apart. */
const hashOf = (view: DataView, start: number, length: number): number =>
  (Math.imul(view.getInt32(start), 0x9e3779b1) ^
    Math.imul(view.getInt32(start + length - WORD), 0x85ebca77) ^
    Math.imul(length, 0xc2b2ae3d)) >>>
  (32 - TABLE_BITS);

/** Slots in the same bucket, as a chain: `HEAD[hash]` first, then `NEXT[slot]`; -1 ends it. */
const HEAD = new Int16Array(1 << TABLE_BITS).fill(-1);
const NEXT = new Int16Array(SLOT_COUNT).fill(-1);
KEYS.forEach((key, slot) => {
  const hash = hashOf(key, 0, key.byteLength);
  NEXT[slot] = HEAD[hash]!;
  HEAD[hash] = slot;
});

/** The slot of the key at that range, or -1. No key that is known is shorter than a word. */
export const slotOf = (view: DataView, start: number, length: number): number => {
  if (length < WORD) return -1;
  let slot = HEAD[hashOf(view, start, length)]!;
  while (slot >= 0 && !(LENGTHS[slot] === length && matches(KEYS[slot]!, view, start, length)))
    slot = NEXT[slot]!;
  return slot;
};

/** Word by word; the last one overlaps the one before. */
const matches = (key: DataView, view: DataView, start: number, length: number): boolean => {
  const last = length - WORD;
  for (let i = 0; i < last; i += WORD) if (key.getInt32(i) !== view.getInt32(start + i)) return false;
  return key.getInt32(last) === view.getInt32(start + last);
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
