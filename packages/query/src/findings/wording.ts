const LONGEST = 200;

/** What came from outside, fit for one line that people read. */
export const shown = (text: string): string => {
  const line = text.replaceAll(/[\p{C}\s]+/gu, ' ').trim();
  if (line === '') return '(empty)';
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST - 1)}…`;
};

/** Who sent something, where that was authenticated. */
export const sender = (actor: string, service: string): string =>
  `${actor === '' ? 'an unauthenticated sender' : shown(actor)} (service ${shown(service)})`;

export const day = (millis: number): string => new Date(millis).toISOString().slice(0, 10);

/** To the second. */
export const moment = (millis: number): string => `${new Date(millis).toISOString().slice(0, 19)}Z`;

export const listed = (names: readonly string[], most = 3): string => {
  const rest = names.length - most;
  const some = names.slice(0, most).map(shown).join(', ');
  return rest > 0 ? `${some} and ${rest} more` : some;
};

/** Parameters of `/v1/actions`: what began from the one moment up to the other, which is included. */
export const between = (
  firstMillis: number,
  lastMillis: number,
): { readonly from: string; readonly to: string } => ({
  from: new Date(firstMillis).toISOString(),
  to: new Date(lastMillis + 1).toISOString(),
});
