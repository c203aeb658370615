import type { EngineFacts } from './engine.ts';

const HELLO =
  /^\s*select\s+displayName\(\)\s*,\s*version\(\)\s*,\s*revision\(\)\s*,\s*timezone\(\)\s*;?\s*$/i;

/** Whether this is the question with which clickhouse-go opens a connection. */
export function isHello(sql: string): boolean {
  return HELLO.test(sql);
}

/**
 * The answer to it: one Native block in the form of the protocol's newest revision, with block info before it and
 * a byte after each type. It gives the server's revision as 0, upon which the client expects every later block in
 * the plain form that the engine writes.
 */
export function helloBlock(facts: EngineFacts): Buffer {
  const blockInfo = Buffer.from([1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0]);
  const columnsAndRows = Buffer.from([4, 1]);
  return Buffer.concat([
    blockInfo,
    columnsAndRows,
    column('displayName()', 'String', text(facts.displayName)),
    column('version()', 'String', text(facts.version)),
    column('revision()', 'UInt32', Buffer.alloc(4)),
    column('timezone()', 'String', text(facts.timezone)),
  ]);
}

function column(name: string, type: string, value: Buffer): Buffer {
  const hasCustomSerialization = Buffer.from([0]);
  return Buffer.concat([text(name), text(type), hasCustomSerialization, value]);
}

/** A length in LEB128, then the bytes. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  const length: number[] = [];
  let left = bytes.length;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) length.push((left & 0x7f) | 0x80);
  length.push(left);
  return Buffer.concat([Buffer.from(length), bytes]);
}
