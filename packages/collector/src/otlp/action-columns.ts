import type { StatementScanner } from '@whence/model';
import type { RowWriter } from '@whence/store';
import { type KnownValues, SLOT } from './known-attributes.ts';

const HTTP = Buffer.from('http');
const PROCESS = Buffer.from('process');
const AUTHORITY_MARK = Buffer.from('://');
const TOOL = Buffer.from('tool:');
const QUESTION_MARK = 0x3f;
const HASH = 0x23;
const SLASH = 0x2f;
const COLON = 0x3a;

/** What kind of thing was acted on: decides where the other columns are found. */
type ActionKind = 'custom' | 'db' | 'messaging' | 'rpc' | 'genAi' | 'http' | 'process' | 'none';

/** Room for the four columns: they copy, at most twice, what the row holds already. */
export const actionColumnsRoom = (rowBytes: number): number => rowBytes * 2 + 128;

/**
 * Writes System, Operation, Target and StatementHash of the span whose attributes were just encoded: what was acted
 * on, the verb, the resource as a URI, the statement's fingerprint. Values are copied from where the attribute map
 * was written, so nothing becomes a JavaScript string.
 */
export const writeActionColumns = (known: KnownValues, out: RowWriter, scanner: StatementScanner): void => {
  const systemSlot = slotOfSystem(known);
  const kind = kindOf(known, systemSlot);
  const statement = kind === 'db' ? statementSlot(known) : -1;
  if (statement >= 0) scanner.scan(out.bytes, known.start[statement]!, known.end[statement]!);
  writeSystem(kind, systemSlot, known, out);
  writeOperation(kind, statement >= 0, known, out, scanner);
  writeTarget(kind, systemSlot, statement >= 0, known, out, scanner);
  if (statement >= 0) out.uint64(scanner.hashLow, scanner.hashHigh);
  else out.uint64(0, 0);
};

const slotOfSystem = (known: KnownValues): number => {
  if (known.has(SLOT.actionSystem)) return SLOT.actionSystem;
  const db = known.either(SLOT.dbSystem, SLOT.dbSystemOld);
  if (db >= 0) return db;
  if (known.has(SLOT.messagingSystem)) return SLOT.messagingSystem;
  const rpc = known.either(SLOT.rpcSystem, SLOT.rpcSystemOld);
  if (rpc >= 0) return rpc;
  return known.either(SLOT.genAiProvider, SLOT.genAiSystem);
};

const kindOf = (known: KnownValues, systemSlot: number): ActionKind => {
  switch (systemSlot) {
    case SLOT.actionSystem:
      return statementSlot(known) >= 0 && !known.has(SLOT.actionTarget) ? 'db' : 'custom';
    case SLOT.dbSystem:
    case SLOT.dbSystemOld:
      return 'db';
    case SLOT.messagingSystem:
      return 'messaging';
    case SLOT.rpcSystem:
    case SLOT.rpcSystemOld:
      return 'rpc';
    case SLOT.genAiProvider:
    case SLOT.genAiSystem:
      return 'genAi';
  }
  if (known.either(SLOT.httpMethod, SLOT.httpMethodOld) >= 0) return 'http';
  if (known.either(SLOT.processExecutable, SLOT.processCommandLine) >= 0) return 'process';
  return 'none';
};

const statementSlot = (known: KnownValues): number => known.either(SLOT.dbQuery, SLOT.dbQueryOld);

const writeSystem = (kind: ActionKind, systemSlot: number, known: KnownValues, out: RowWriter): void => {
  if (systemSlot >= 0) copyAsString(known, systemSlot, out);
  else if (kind === 'http') out.stringBytes(HTTP);
  else if (kind === 'process') out.stringBytes(PROCESS);
  else out.uint8(0);
};

const writeOperation = (
  kind: ActionKind,
  scanned: boolean,
  known: KnownValues,
  out: RowWriter,
  scanner: StatementScanner,
): void => {
  const slot = operationSlot(kind, known);
  if (slot >= 0) copyAsString(known, slot, out);
  else if (scanned) writeUpperCase(out, scanner.operationStart, scanner.operationEnd);
  else out.uint8(0);
};

const operationSlot = (kind: ActionKind, known: KnownValues): number => {
  if (known.has(SLOT.actionOperation)) return SLOT.actionOperation;
  switch (kind) {
    case 'db':
      return known.either(SLOT.dbOperation, SLOT.dbOperationOld);
    case 'messaging':
      return known.has(SLOT.messagingOperation) ? SLOT.messagingOperation : -1;
    case 'rpc':
      return known.has(SLOT.rpcMethod) ? SLOT.rpcMethod : -1;
    case 'genAi':
      return known.has(SLOT.genAiOperation) ? SLOT.genAiOperation : -1;
    case 'http':
      return known.either(SLOT.httpMethod, SLOT.httpMethodOld);
    case 'process':
      return known.has(SLOT.processExecutable) ? SLOT.processExecutable : -1;
    default:
      return -1;
  }
};

const writeTarget = (
  kind: ActionKind,
  systemSlot: number,
  scanned: boolean,
  known: KnownValues,
  out: RowWriter,
  scanner: StatementScanner,
): void => {
  if (known.has(SLOT.actionTarget)) {
    copyAsString(known, SLOT.actionTarget, out);
    return;
  }
  const lengthAt = beginString(out);
  switch (kind) {
    case 'db':
      copy(known, systemSlot, out);
      writeAuthority(known, out);
      writePathPart(known, known.either(SLOT.dbNamespace, SLOT.dbNamespaceOld), out);
      if (known.has(SLOT.dbCollection)) writePathPart(known, SLOT.dbCollection, out);
      else if (scanned && scanner.collectionEnd > scanner.collectionStart) {
        out.uint8(SLASH);
        out.range(out.bytes, out.view, scanner.collectionStart, scanner.collectionEnd);
      }
      break;
    case 'messaging':
      copy(known, systemSlot, out);
      writeAuthority(known, out);
      writePathPart(known, known.has(SLOT.messagingDestination) ? SLOT.messagingDestination : -1, out);
      break;
    case 'rpc':
      copy(known, systemSlot, out);
      writeAuthority(known, out);
      writePathPart(known, known.either(SLOT.rpcService, SLOT.rpcMethod), out);
      break;
    case 'genAi':
      if (known.has(SLOT.genAiTool)) {
        out.raw(TOOL);
        copy(known, SLOT.genAiTool, out);
      }
      break;
    case 'http':
      writeHttpTarget(known, out);
      break;
    case 'process':
      if (known.has(SLOT.processExecutable)) {
        out.raw(PROCESS);
        out.uint8(COLON);
        copy(known, SLOT.processExecutable, out);
      }
      break;
  }
  endString(out, lengthAt);
};

/** The address called without its query and fragment, which may hold secrets; for a server, put together. */
const writeHttpTarget = (known: KnownValues, out: RowWriter): void => {
  const url = known.either(SLOT.urlFull, SLOT.urlFullOld);
  if (url >= 0) {
    out.range(out.bytes, out.view, known.start[url]!, beforeQuery(known, url, out.bytes));
    return;
  }
  if (known.has(SLOT.urlScheme)) copy(known, SLOT.urlScheme, out);
  else out.raw(HTTP);
  writeAuthority(known, out);
  const path = known.either(SLOT.urlPath, SLOT.urlPathOld);
  if (path >= 0) out.range(out.bytes, out.view, known.start[path]!, beforeQuery(known, path, out.bytes));
};

const beforeQuery = (known: KnownValues, slot: number, bytes: Uint8Array): number => {
  const end = known.end[slot]!;
  for (let i = known.start[slot]!; i < end; i++) {
    if (bytes[i] === QUESTION_MARK || bytes[i] === HASH) return i;
  }
  return end;
};

const writeAuthority = (known: KnownValues, out: RowWriter): void => {
  out.raw(AUTHORITY_MARK);
  const address = known.either(SLOT.serverAddress, SLOT.peerNameOld);
  if (address < 0) return;
  copy(known, address, out);
  const port = known.either(SLOT.serverPort, SLOT.peerPortOld);
  if (port < 0) return;
  out.uint8(COLON);
  copy(known, port, out);
};

const writePathPart = (known: KnownValues, slot: number, out: RowWriter): void => {
  if (slot < 0) return;
  out.uint8(SLASH);
  copy(known, slot, out);
};

const copy = (known: KnownValues, slot: number, out: RowWriter): void =>
  out.range(out.bytes, out.view, known.start[slot]!, known.end[slot]!);

const copyAsString = (known: KnownValues, slot: number, out: RowWriter): void => {
  out.varint(known.end[slot]! - known.start[slot]!);
  copy(known, slot, out);
};

const writeUpperCase = (out: RowWriter, start: number, end: number): void => {
  out.varint(end - start);
  for (let i = start; i < end; i++) {
    const byte = out.bytes[i]!;
    out.uint8(byte >= 0x61 && byte <= 0x7a ? byte - 0x20 : byte);
  }
};

/** A string whose length is known only when it is written: one byte is kept for it, enough for nearly all. */
const beginString = (out: RowWriter): number => out.at++;

const endString = (out: RowWriter, lengthAt: number): void => {
  const start = lengthAt + 1;
  const length = out.at - start;
  if (length >= 0x80) out.bytes.copyWithin(lengthAt + bytesOfVarint(length), start, out.at);
  out.at = lengthAt;
  out.varint(length);
  out.at += length;
};

const bytesOfVarint = (value: number): number => Math.ceil((32 - Math.clz32(value)) / 7);
