import type { TextMapGetter } from '@opentelemetry/api';
import { parseReference, REFERENCE_KEY, referenceIn, withReference } from '@whence/model';
import type { Notices } from '../settings/notices.ts';

/** W3C Trace Context, section 3.3.1.5; OpenTelemetry keeps no more. */
const TRACE_STATE_KEPT = 512;
/** Beyond this nobody looks for our member. */
const TRACE_STATE_READ = 4096;
/** OpenTelemetry keeps 32 members; a member and its comma have 4 characters at least. */
const AMONG_THE_FIRST_32 = 128;
/** W3C Baggage, section 3.3.2; OpenTelemetry keeps no more. */
const BAGGAGE_READ = 8192;
/** A later version may be longer than the 55 characters of today's. */
const TRACE_PARENT_READ = 256;

const MEMBER = `${REFERENCE_KEY}=`;

/**
 * Reads what came in from outside, so that parsing costs no more than it must, and nothing that is there twice is
 * taken for either. What is cut or left out is said once for each kind.
 */
export class InboundFields implements TextMapGetter {
  readonly #getter: TextMapGetter;
  readonly #notices: Notices;
  #reference: string | undefined;

  constructor(getter: TextMapGetter, notices: Notices) {
    this.#getter = getter;
    this.#notices = notices;
  }

  /** The run's reference, as it stood in the `tracestate` that was asked for last. */
  get reference(): string | undefined {
    return this.#reference;
  }

  keys(carrier: unknown): string[] {
    return this.#getter.keys(carrier);
  }

  get(carrier: unknown, key: string): string | string[] | undefined {
    const value = this.#getter.get(carrier, key);
    if (value === undefined || value === null) return undefined;
    switch (key) {
      case 'traceparent':
        return this.#traceParent(value);
      case 'tracestate':
        return this.#traceState(value);
      case 'baggage':
        return this.#baggage(value);
      default:
        return value;
    }
  }

  #traceParent(value: string | string[]): string | undefined {
    const text = Array.isArray(value) && value.length === 1 ? (value[0] ?? '') : value;
    if (typeof text === 'string' && text.length <= TRACE_PARENT_READ) return text;
    if (text.length > 0) this.#warn('traceparent', 'twice or too long: left out');
    return undefined;
  }

  #traceState(value: string | string[]): string | undefined {
    const text = this.#cleanTraceState(value);
    this.#reference = text === undefined ? undefined : memberOf(text);
    return text;
  }

  #cleanTraceState(value: string | string[]): string | undefined {
    const text = joined(value, TRACE_STATE_READ);
    if (text === undefined) return undefined;
    const first = text.indexOf(MEMBER);
    if (first >= 0 && text.indexOf(MEMBER, first + 1) >= 0 && countOfMember(text) > 1) {
      this.#warn('tracestate', `with more than one ${REFERENCE_KEY} member: none is taken for the run`);
      return text
        .split(',')
        .filter((member) => !isOurs(member))
        .join(',');
    }
    const isLong = text.length > TRACE_STATE_KEPT || isCut(value, text);
    if (!isLong && first < AMONG_THE_FIRST_32) return text;
    if (isLong) {
      this.#warn('tracestate', `longer than ${TRACE_STATE_KEPT} characters: members of others are left out`);
    }
    const reference = first < 0 ? undefined : referenceIn(text);
    return reference !== undefined && parseReference(reference).status === 'parsed'
      ? withReference(text, reference)
      : text;
  }

  #baggage(value: string | string[]): string | undefined {
    const text = joined(value, BAGGAGE_READ);
    if (text !== undefined && isCut(value, text)) {
      this.#warn('baggage', `longer than ${BAGGAGE_READ} characters: cut`);
    }
    return text;
  }

  #warn(field: string, what: string): void {
    this.#notices.warnOnce(`inbound ${field}`, `${field} came in ${what}`);
  }
}

/** The values of a list header as one, whole members only, no longer than `max`. */
const joined = (value: string | string[], max: number): string | undefined => {
  if (typeof value === 'string') return value.length <= max ? value : wholeMembers(value, max);
  if (!Array.isArray(value)) return undefined;
  let text = '';
  for (const part of value) {
    if (typeof part !== 'string') continue;
    text = text === '' ? part : `${text},${part}`;
    if (text.length > max) return wholeMembers(text, max);
  }
  return text === '' ? undefined : text;
};

const wholeMembers = (text: string, max: number): string =>
  text.slice(0, Math.max(0, text.lastIndexOf(',', max)));

const isCut = (value: string | string[], text: string): boolean =>
  typeof value === 'string'
    ? text.length < value.length
    : text.length < value.reduce((length, part) => length + part.length + 1, -1);

/** Of whole members only: `xwhence=` is another's. */
const memberOf = (text: string): string | undefined => {
  const at = text.indexOf(MEMBER);
  if (at < 0) return undefined;
  if (at > 0 && text[at - 1] !== ',') return referenceIn(text);
  const end = text.indexOf(',', at);
  return text.slice(at + MEMBER.length, end < 0 ? undefined : end).trimEnd();
};

const isOurs = (member: string): boolean => member.trimStart().startsWith(MEMBER);

const countOfMember = (text: string): number => text.split(',').filter(isOurs).length;
