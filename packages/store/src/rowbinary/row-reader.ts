import { StoreError } from '../store-error.ts';

/** What a stored value looks like in memory: 64-bit integers and times are bigint, a Map is a list of pairs. */
export type RowValue = string | number | bigint | RowValue[] | [string, string][];

/** Reads ClickHouse `RowBinary` for the column types that our tables use: for verifiers, repairs and tests. */
export class RowReader {
  private at = 0;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get offset(): number {
    return this.at;
  }

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  /** @throws StoreError `row_malformed` where the bytes end inside a value. */
  value(type: string): RowValue {
    const array = /^Array\((.*)\)$/.exec(type);
    if (array !== null) return Array.from({ length: this.varint() }, () => this.value(array[1]!));
    if (type === 'String' || type === 'LowCardinality(String)') return this.string();
    if (type.startsWith('Map(')) {
      return Array.from({ length: this.varint() }, (): [string, string] => [this.string(), this.string()]);
    }
    if (type.startsWith('DateTime64')) return this.view.getBigInt64(this.take(8), true);
    if (type === 'UInt64') return this.view.getBigUint64(this.take(8), true);
    if (type === 'UInt32') return this.view.getUint32(this.take(4), true);
    if (type.startsWith('Enum8')) return this.view.getInt8(this.take(1));
    if (type === 'UUID') return this.uuid();
    throw new StoreError('row_malformed', `no reader for column type ${type}`);
  }

  private take(count: number): number {
    const start = this.at;
    if (start + count > this.bytes.length) {
      throw new StoreError(
        'row_malformed',
        `row ends inside a value: ${count} bytes wanted at offset ${start}`,
      );
    }
    this.at += count;
    return start;
  }

  private varint(): number {
    let value = 0;
    for (let factor = 1; factor < 2 ** 42; factor *= 128) {
      const byte = this.bytes[this.take(1)]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (value > this.bytes.length) break;
        return value;
      }
    }
    throw new StoreError('row_malformed', `length beyond the end of the row at offset ${this.at}`);
  }

  private string(): string {
    const length = this.varint();
    const start = this.take(length);
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + start, length).toString('utf8');
  }

  private uuid(): string {
    const start = this.take(16);
    const id = Buffer.alloc(16);
    for (let i = 0; i < 8; i++) {
      id[i] = this.bytes[start + 7 - i]!;
      id[8 + i] = this.bytes[start + 15 - i]!;
    }
    return id.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }
}
