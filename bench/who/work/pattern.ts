/**
 * Text of which one part differs from span to span. The part is written as a letter in braces:
 *
 *     {n} a number below a million, one for each span    {s} a number below 256    {h} 16 hex digits    {u} a UUID
 *     {i} a number below 100,000, one for each execution of the job
 */
export interface Pattern {
  readonly before: string;
  readonly part: number;
  readonly after: string;
}

export const PATTERN_PARTS = ['', 'n', 's', 'h', 'u', 'i'] as const;

export const patternOf = (text: string): Pattern => {
  const match = /^(.*?)\{([nshui])\}(.*)$/s.exec(text);
  if (match === null) return { before: text, part: 0, after: '' };
  const [, before = '', part = '', after = ''] = match;
  return { before, part: (PATTERN_PARTS as readonly string[]).indexOf(part), after };
};
