import { LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';

export type ReadSettings<Settings> =
  | { readonly status: 'read'; readonly settings: Settings }
  /** Every fault, and where it is. No value of the file is repeated. */
  | { readonly status: 'faulty'; readonly faults: readonly string[] };

/** As many as no file that a person wrote has. */
const ALIASES_MAX = 100;

/**
 * A settings file: one YAML or JSON document.
 *
 * @param empty what a file without content stands for
 */
export const readSettings = <Schema extends z.ZodType>(
  schema: Schema,
  text: string,
  empty: unknown = null,
): ReadSettings<z.output<Schema>> => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  if (document.errors.length > 0) {
    const faults = document.errors.map(({ pos, code }) => {
      const { line, col } = lines.linePos(pos[0]);
      return `line ${line}, column ${col}: not YAML (${code})`;
    });
    return { status: 'faulty', faults };
  }
  let content: unknown;
  try {
    content = document.toJS({ maxAliasCount: ALIASES_MAX });
  } catch {
    return { status: 'faulty', faults: ['(the file): an alias (*name) stands for nothing, or for too much'] };
  }
  const parsed = schema.safeParse(content ?? empty, { reportInput: false });
  return parsed.success
    ? { status: 'read', settings: parsed.data }
    : { status: 'faulty', faults: parsed.error.issues.map(faultOf) };
};

/** `whence.yaml: 2 faults`, and each on a line of its own. */
export const faultsText = (source: string, faults: readonly string[]): string =>
  `${source}: ${faults.length === 1 ? '1 fault' : `${faults.length} faults`}\n${faults.map((fault) => `  ${fault}`).join('\n')}`;

const faultOf = ({ path, message }: z.core.$ZodIssue): string => {
  const where = path.reduce<string>(
    (text, step) =>
      typeof step === 'number' ? `${text}[${step}]` : `${text}${text === '' ? '' : '.'}${String(step)}`,
    '',
  );
  return `${where === '' ? '(the file)' : where}: ${message}`;
};
