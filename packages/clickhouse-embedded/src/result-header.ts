/**
 * The length in bytes of the header with which a result of this format begins: the names of the columns, and
 * their types. Only for the formats that `assemblyOf` calls `header`.
 */
export function headerLength(format: string, piece: Uint8Array): number {
  const name = format.toLowerCase();
  const parts = name.endsWith('types') ? 2 : 1;
  return name.startsWith('rowbinary')
    ? binaryHeaderLength(piece, parts)
    : textHeaderLength(piece, parts, name);
}

/** The number of columns, then that many names, then that many types: LEB128 lengths and bytes. */
function binaryHeaderLength(piece: Uint8Array, parts: number): number {
  let at = 0;
  const readVarint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = piece[at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  const columns = readVarint();
  for (let index = 0; index < columns * parts; index++) {
    const length = readVarint();
    at += length;
  }
  return at;
}

/** Lines; in CSV a line break between quotes belongs to a name. */
function textHeaderLength(piece: Uint8Array, lines: number, format: string): number {
  const quote = format.startsWith('csv') ? 0x22 : -1;
  let quoted = false;
  let left = lines;
  for (let at = 0; at < piece.length; at++) {
    if (piece[at] === quote) quoted = !quoted;
    if (piece[at] === 0x0a && !quoted && --left === 0) return at + 1;
  }
  return piece.length;
}
