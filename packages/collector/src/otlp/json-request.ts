import { CollectorError } from '../collector-error.ts';
import { WireWriter } from './wire-writer.ts';

/**
 * Turns an OTLP/JSON `ExportTraceServiceRequest` into its protobuf bytes, so that one decoder serves both encodings and
 * both give the same rows. The mapping is OTLP's own: ids in hex (either case), enums as integers, lowerCamelCase keys,
 * 64-bit integers as text or number, unknown keys ignored.
 * https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 *
 * @throws CollectorError `otlp_malformed` that names the field.
 */
export const protobufFromJson = (text: string): Uint8Array => {
  const request = objectAt(parseLossless(text), 'request');
  const writer = new WireWriter();
  try {
    each(request, 'resourceSpans', 'request', (resourceSpans, at) => {
      writer.message(1, resourceSpansOf(resourceSpans, at));
    });
  } catch (cause) {
    if (cause instanceof RangeError) throw malformed('request', 'is nested too deep');
    throw cause;
  }
  return writer.finish();
};

type Json = null | boolean | number | bigint | string | Json[] | JsonObject;
interface JsonObject {
  readonly [key: string]: Json | undefined;
}

const UNSAFE_INTEGER = /[:[,]\s*-?\d{16,}/;
const INTEGER = /^-?\d+$/;

/** `JSON.parse` that keeps every digit of integers beyond 2^53. */
const parseLossless = (text: string): Json => {
  try {
    if (!UNSAFE_INTEGER.test(text)) return JSON.parse(text) as Json;
    const keepDigits = (_key: string, value: unknown, context?: { source?: string }): unknown =>
      typeof value === 'number' &&
      !Number.isSafeInteger(value) &&
      context?.source !== undefined &&
      INTEGER.test(context.source)
        ? BigInt(context.source)
        : value;
    return JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown) as Json;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CollectorError('otlp_malformed', `OTLP JSON: ${reason}`, { cause });
  }
};

const resourceSpansOf = (json: JsonObject, at: string): WireWriter => {
  const writer = new WireWriter();
  const resource = json['resource'];
  if (isPresent(resource)) {
    const attributes = new WireWriter();
    writeAttributes(attributes, 1, objectAt(resource, `${at}.resource`), `${at}.resource`);
    writer.message(1, attributes);
  }
  each(json, 'scopeSpans', at, (scopeSpans, scopeAt) => writer.message(2, scopeSpansOf(scopeSpans, scopeAt)));
  return writer;
};

const scopeSpansOf = (json: JsonObject, at: string): WireWriter => {
  const writer = new WireWriter();
  if (isPresent(json['scope'])) {
    const scope = objectAt(json['scope'], `${at}.scope`);
    writer.message(
      1,
      new WireWriter().string(1, stringAt(scope, 'name', at)).string(2, stringAt(scope, 'version', at)),
    );
  }
  each(json, 'spans', at, (span, spanAt) => writer.message(2, spanOf(span, spanAt)));
  return writer;
};

const spanOf = (json: JsonObject, at: string): WireWriter => {
  const writer = new WireWriter();
  writer.bytes(1, hexAt(json, 'traceId', at));
  writer.bytes(2, hexAt(json, 'spanId', at));
  writer.string(3, stringAt(json, 'traceState', at));
  writer.bytes(4, hexAt(json, 'parentSpanId', at));
  writer.string(5, stringAt(json, 'name', at));
  writer.int(6, integerAt(json, 'kind', at));
  writer.fixed64(7, integerAt(json, 'startTimeUnixNano', at));
  writer.fixed64(8, integerAt(json, 'endTimeUnixNano', at));
  writeAttributes(writer, 9, json, at);
  each(json, 'events', at, (event, eventAt) => {
    const event11 = new WireWriter().fixed64(1, integerAt(event, 'timeUnixNano', eventAt));
    event11.string(2, stringAt(event, 'name', eventAt));
    writeAttributes(event11, 3, event, eventAt);
    writer.message(11, event11);
  });
  each(json, 'links', at, (link, linkAt) => {
    const link13 = new WireWriter()
      .bytes(1, hexAt(link, 'traceId', linkAt))
      .bytes(2, hexAt(link, 'spanId', linkAt));
    link13.string(3, stringAt(link, 'traceState', linkAt));
    writeAttributes(link13, 4, link, linkAt);
    writer.message(13, link13);
  });
  if (isPresent(json['status'])) {
    const status = objectAt(json['status'], `${at}.status`);
    writer.message(
      15,
      new WireWriter()
        .string(2, stringAt(status, 'message', at))
        .int(3, integerAt(status, 'code', `${at}.status`)),
    );
  }
  return writer;
};

const writeAttributes = (writer: WireWriter, field: number, json: JsonObject, at: string): void => {
  each(json, 'attributes', at, (pair, pairAt) => writer.message(field, pairOf(pair, pairAt)));
};

const pairOf = (json: JsonObject, at: string): WireWriter => {
  const writer = new WireWriter().string(1, stringAt(json, 'key', at));
  if (isPresent(json['value']))
    writer.message(2, anyValueOf(objectAt(json['value'], `${at}.value`), `${at}.value`));
  return writer;
};

const anyValueOf = (json: JsonObject, at: string): WireWriter => {
  const writer = new WireWriter();
  if (isPresent(json['stringValue'])) writer.string(1, stringAt(json, 'stringValue', at));
  else if (isPresent(json['boolValue'])) writer.int(2, json['boolValue'] === true ? 1 : 0);
  else if (isPresent(json['intValue'])) writer.int(3, integerAt(json, 'intValue', at));
  else if (isPresent(json['doubleValue'])) writer.double(4, doubleAt(json['doubleValue'], at));
  else if (isPresent(json['arrayValue'])) {
    const array = new WireWriter();
    each(objectAt(json['arrayValue'], at), 'values', at, (item, itemAt) =>
      array.message(1, anyValueOf(item, itemAt)),
    );
    writer.message(5, array);
  } else if (isPresent(json['kvlistValue'])) {
    const list = new WireWriter();
    each(objectAt(json['kvlistValue'], at), 'values', at, (pair, pairAt) =>
      list.message(1, pairOf(pair, pairAt)),
    );
    writer.message(6, list);
  } else if (isPresent(json['bytesValue'])) {
    writer.bytes(7, Buffer.from(stringAt(json, 'bytesValue', at), 'base64'));
  }
  return writer;
};

const malformed = (at: string, expected: string): CollectorError =>
  new CollectorError('otlp_malformed', `OTLP JSON: ${at}: ${expected}`);

const isPresent = (json: Json | undefined): json is Exclude<Json, null> =>
  json !== undefined && json !== null;

const objectAt = (json: Json | undefined, at: string): JsonObject => {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw malformed(at, 'must be an object');
  return json;
};

const each = (
  json: JsonObject,
  key: string,
  at: string,
  visit: (item: JsonObject, at: string) => void,
): void => {
  const items = json[key];
  if (!isPresent(items)) return;
  if (!Array.isArray(items)) throw malformed(`${at}.${key}`, 'must be an array');
  for (const [i, item] of items.entries()) {
    const itemAt = `${at}.${key}[${i}]`;
    visit(objectAt(item, itemAt), itemAt);
  }
};

const stringAt = (json: JsonObject, key: string, at: string): string => {
  const value = json[key];
  if (!isPresent(value)) return '';
  if (typeof value !== 'string') throw malformed(`${at}.${key}`, 'must be a string');
  return value;
};

const hexAt = (json: JsonObject, key: string, at: string): Uint8Array => {
  const text = stringAt(json, key, at);
  if (!/^(?:[0-9a-f]{2})*$/i.test(text)) throw malformed(`${at}.${key}`, 'must be hex digits');
  return Buffer.from(text, 'hex');
};

const integerAt = (json: JsonObject, key: string, at: string): bigint => {
  const value = json[key];
  if (!isPresent(value)) return 0n;
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  if (typeof value === 'string' && INTEGER.test(value)) return BigInt(value);
  throw malformed(`${at}.${key}`, 'must be an integer, as a number or as text');
};

const doubleAt = (value: Json, at: string): number => {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
  if (typeof value === 'string' && value.trim() !== '' && !Number.isNaN(Number(value))) return Number(value);
  throw malformed(`${at}.doubleValue`, 'must be a number');
};
