import { REFERENCE_KEY } from './reference.ts';

/** W3C Trace Context, section 3.3.1.1. */
const MAX_MEMBERS = 32;
/** What every participant carries (section 3.3.1.5); some throw away the whole of a longer header. */
const MAX_LENGTH = 512;
/** Members longer than this are given up before others (section 3.3.1.5). */
const LONG_MEMBER = 128;
/** Section 3.3.1.3: key, `=`, value. */
const MEMBER =
  /^([a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})=[ -+\--<>-~]{0,255}[!-+\--<>-~]$/;

/** The value of our member in a W3C `tracestate` header, or undefined. Blanks around members are legal. */
export const referenceIn = (traceState: string): string | undefined => {
  for (const member of traceState.split(',')) {
    const text = member.trim();
    if (text.startsWith(`${REFERENCE_KEY}=`)) return text.slice(REFERENCE_KEY.length + 1);
  }
  return undefined;
};

/**
 * The header with our member set: first, as the member last touched (W3C Trace Context, section 3.5), any earlier one
 * replaced. The result is well-formed whatever came in, since receivers throw a malformed header away with our member
 * in it: other vendors' members that are malformed or repeated are left out, and those that would make it longer than
 * 32 members or 512 characters, long members first, then from the end.
 */
export const withReference = (traceState: string, reference: string): string => {
  const ours = `${REFERENCE_KEY}=${reference}`;
  if (traceState === '') return ours;
  const others = wellFormedOthers(traceState);
  while (others.length >= MAX_MEMBERS || lengthOf(ours, others) > MAX_LENGTH) {
    const long = others.findLastIndex((member) => member.length > LONG_MEMBER);
    others.splice(lengthOf(ours, others) > MAX_LENGTH ? long : -1, 1);
  }
  return [ours, ...others].join(',');
};

const wellFormedOthers = (traceState: string): string[] => {
  const byKey = new Map<string, string>();
  for (const part of traceState.split(',')) {
    const member = part.trim();
    const key = MEMBER.exec(member)?.[1];
    if (key !== undefined && key !== REFERENCE_KEY && !byKey.has(key)) byKey.set(key, member);
  }
  return [...byKey.values()];
};

const lengthOf = (ours: string, others: readonly string[]): number =>
  others.reduce((length, member) => length + 1 + member.length, ours.length);
