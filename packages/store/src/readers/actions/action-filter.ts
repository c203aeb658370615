import type { ActionStatus } from '@whence/model';
import {
  asSettings,
  BY_ID,
  BY_KEY,
  both,
  OF_TENANT,
  type Parameters,
  type Way,
} from '../statements/select.ts';
import { beginningOf, isShape, shapeOf } from '../targets/target-shape.ts';
import type { ActionFilter } from './action-reader.ts';
import { STATEMENT_ATTRIBUTES } from './statement-text.ts';

/** A condition on rows of `otel_traces`, and the values it is given. */
export interface Condition {
  readonly sql: string;
  readonly parameters: Parameters;
}

const STORED_STATUS: Readonly<Record<ActionStatus, string>> = { unset: 'Unset', ok: 'Ok', error: 'Error' };

const holdsText = (text: string): string => `positionCaseInsensitiveUTF8(${text}, {text:String}) > 0`;

/** The attributes in one pass: to look each up by its name takes three times as long. */
const STATEMENT_HOLDS_TEXT = `arrayExists(
    (key, value) -> key IN (${STATEMENT_ATTRIBUTES.map((key) => `'${key}'`).join(', ')}) AND ${holdsText('value')},
    mapKeys(SpanAttributes), mapValues(SpanAttributes))`;

/** Targets of a shape lie together as far as it has no placeholder. */
const begins = (shape: string): string => `startsWith(Target, ${beginningOf(shape)})`;

/** One term for each field: the whole vocabulary of a search. `{key}` in a term is the field's value, bound. */
const TERMS: {
  readonly [Field in keyof ActionFilter]-?: (value: NonNullable<ActionFilter[Field]>) => {
    readonly sql: string;
    readonly value: string | readonly string[];
  };
} = {
  fromNanos: (nanos) => ({
    sql: 'Timestamp >= fromUnixTimestamp64Nano({fromNanos:Int64})',
    value: nanos.toString(),
  }),
  toNanos: (nanos) => ({
    sql: 'Timestamp < fromUnixTimestamp64Nano({toNanos:Int64})',
    value: nanos.toString(),
  }),
  service: (value) => ({ sql: 'ServiceName = {service:String}', value }),
  system: (value) => ({ sql: 'System = {system:String}', value }),
  operation: (value) => ({ sql: 'Operation = {operation:String}', value }),
  target: (value) => ({
    sql: isShape(value)
      ? `${begins('{target:String}')} AND startsWith(${shapeOf('Target')}, {target:String})`
      : 'startsWith(Target, {target:String})',
    value,
  }),
  wholeTarget: (value) => ({
    sql: isShape(value)
      ? `${begins('{wholeTarget:String}')} AND ${shapeOf('Target')} = {wholeTarget:String}`
      : 'Target = {wholeTarget:String}',
    value,
  }),
  targets: (value) => ({ sql: 'Target IN {targets:Array(String)}', value }),
  statementHash: (value) => ({ sql: 'StatementHash = {statementHash:UInt64}', value }),
  assurance: (value) => ({ sql: 'Assurance = {assurance:String}', value }),
  status: (value) => ({ sql: 'StatusCode = {status:String}', value: STORED_STATUS[value] }),
  runId: (value) => ({ sql: 'RunKey = toUInt128({runId:UUID}) AND RunId = {runId:UUID}', value }),
  // Rows that came before their run's record name neither root nor principal: the record does. A reference that failed
  // its check belongs to no tree, and is found by the run that it claims alone.
  rootRunId: (value) => ({
    sql: `Assurance != 'refuted' AND RunKey IN (
        SELECT toUInt128({rootRunId:UUID})
        UNION ALL SELECT toUInt128(RunId) FROM runs WHERE ${OF_TENANT} AND RootRunId = {rootRunId:UUID} ${asSettings(BY_ID)}
        UNION ALL SELECT toUInt128(RunId) FROM otel_traces WHERE ${OF_TENANT} AND RootRunId = {rootRunId:UUID}
        ${asSettings(BY_ID)})
      AND (RootRunId = {rootRunId:UUID} OR RunId = {rootRunId:UUID} OR RunId IN (
      SELECT RunId FROM runs WHERE ${OF_TENANT} AND RootRunId = {rootRunId:UUID} ${asSettings(BY_ID)}))`,
    value,
  }),
  principal: (value) => ({
    sql: `(PrincipalId = {principal:String} OR ${both(
      "PrincipalId = ''",
      'RunId IN (SELECT RunId FROM principal_runs WHERE TenantId = {tenant:String} AND PrincipalId = {principal:String})',
    )})`,
    value,
  }),
  text: (value) => ({
    sql: `(${[...['SpanName', 'Target', 'StatusMessage'].map(holdsText), STATEMENT_HOLDS_TEXT].join(' OR ')})`,
    value,
  }),
};

/** What a projection is ordered by, and by the time in this column. */
const TOUCHES = {
  wholeTarget: 'TimestampTime',
  targets: 'TimestampTime',
  target: 'TimestampTime',
  statementHash: 'StatementTime',
} as const satisfies { readonly [Field in keyof ActionFilter]?: string };

const touchedBy = (filter: ActionFilter): readonly (keyof typeof TOUCHES)[] =>
  (Object.keys(TOUCHES) as (keyof typeof TOUCHES)[]).filter((field) => filter[field] !== undefined);

export const wayOf = (filter: ActionFilter): Way => (touchedBy(filter).length > 0 ? BY_ID : BY_KEY);

/** The column of time by which the projection goes on that finds the rows. Undefined: they are found otherwise. */
export const timeOfTouch = (filter: ActionFilter): string | undefined => {
  const [touched] = touchedBy(filter);
  return touched === undefined ? undefined : TOUCHES[touched];
};

/**
 * Where nothing but one of those, and the time, narrows a search, the projection alone can tell where a page ends: by
 * which column of time.
 */
export const timeOfHistory = (filter: ActionFilter): string | undefined => {
  const { fromNanos: _from, toNanos: _to, ...others } = filter;
  const fields = Object.values(others).filter((value) => value !== undefined);
  return fields.length === 1 ? timeOfTouch(filter) : undefined;
};

export const conditionOf = (filter: ActionFilter): Condition => {
  const terms: string[] = [wayOf(filter) === BY_ID ? OF_TENANT : 'TenantId = {tenant:String}'];
  const parameters: Record<string, string | readonly string[]> = {};
  for (const field of Object.keys(TERMS) as (keyof ActionFilter)[]) {
    const value = filter[field];
    if (value === undefined) continue;
    const term = (
      TERMS[field] as (value: unknown) => {
        sql: string;
        value: string | readonly string[];
      }
    )(value);
    terms.push(term.sql);
    parameters[field] = term.value;
  }
  return { sql: terms.join(' AND '), parameters };
};
