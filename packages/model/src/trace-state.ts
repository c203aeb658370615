import { REFERENCE_KEY } from './reference.ts';

/** W3C Trace Context, section 3.3.1.1. */
const MAX_MEMBERS = 32;

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
 * replaced. Of 32 other members the last is given up, since a 33rd makes receivers throw the whole header away.
 */
export const withReference = (traceState: string, reference: string): string => {
  const others = traceState
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '' && !member.startsWith(`${REFERENCE_KEY}=`))
    .slice(0, MAX_MEMBERS - 1);
  return [`${REFERENCE_KEY}=${reference}`, ...others].join(',');
};
