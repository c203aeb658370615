/** Blocks of ClickHouse's Native format, as far as a client of clickhouse-go needs them to open and to insert. */

export interface NativeColumn {
  readonly name: string;
  /** String, UInt8 or UInt32. */
  readonly type: string;
  readonly values: readonly (string | number)[];
}

/** The plain form. */
export const nativeBlock = (columns: readonly NativeColumn[]): Buffer =>
  Buffer.concat([
    varint(columns.length),
    varint(columns[0]?.values.length ?? 0),
    ...columns.flatMap(({ name, type, values }) => [text(name), text(type), ...values.map(encoderOf(type))]),
  ]);

/**
 * What clickhouse-go asks for first: a block of the newest revision (block info, a byte after each type) that gives the
 * server's revision as 0, after which the client expects the plain form.
 */
export const helloBlock = (): Buffer => {
  const column = (name: string, type: string, value: Buffer): Buffer =>
    Buffer.concat([text(name), text(type), Buffer.from([0]), value]);
  return Buffer.concat([
    Buffer.from([1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0, 4, 1]),
    column('displayName()', 'String', text('sink')),
    column('version()', 'String', text('25.8.1.1')),
    column('revision()', 'UInt32', Buffer.alloc(4)),
    column('timezone()', 'String', text('UTC')),
  ]);
};

const encoderOf =
  (type: string) =>
  (value: string | number): Buffer => {
    if (type === 'String') return text(String(value));
    const bytes = Buffer.alloc(type === 'UInt8' ? 1 : 4);
    if (type === 'UInt8') bytes.writeUInt8(Number(value));
    else bytes.writeUInt32LE(Number(value));
    return bytes;
  };

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value);
  return Buffer.concat([varint(bytes.length), bytes]);
};

/** LEB128. */
const varint = (value: number): Buffer => {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) | 0x80);
  bytes.push(left);
  return Buffer.from(bytes);
};
