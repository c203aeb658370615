import type { SpanKind } from '@whence/model';
import { type Condition, conditionOf } from '../actions/action-filter.ts';
import type { Parameters } from '../statements/select.ts';
import type { TraceFilter } from './trace-reader.ts';

interface Term {
  readonly sql: string;
  readonly parameters: Parameters;
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

const term = (sql: string, name: string, value: string | readonly string[]): Term => ({
  sql,
  parameters: { [name]: value },
});

const kindsOf = (kind: SpanKind): readonly string[] => [capital(kind), `SPAN_KIND_${kind.toUpperCase()}`];

/** Rows that came before their run's record name nobody: the record does. */
const namedByRun = (column: string, parameter: string): string =>
  `(${column} = {${parameter}:String} OR PrincipalId = '' AND Assurance != 'refuted' AND RunId IN (
    SELECT RunId FROM runs WHERE TenantId = {tenant:String} AND ${column} = {${parameter}:String}))`;

/** One term for each field that stands alone. */
const TERMS: {
  readonly [Field in Exclude<keyof TraceFilter, 'action' | 'attributes' | 'ownAttributes'>]-?: (
    value: NonNullable<TraceFilter[Field]>,
  ) => Term;
} = {
  services: (value) => term('ServiceName IN {services:Array(String)}', 'services', value),
  name: (value) => term('SpanName = {name:String}', 'name', value),
  kind: (value) => term('SpanKind IN {kinds:Array(String)}', 'kinds', kindsOf(value)),
  minDurationNanos: (value) => term('Duration >= {minDuration:UInt64}', 'minDuration', value.toString()),
  maxDurationNanos: (value) => term('Duration <= {maxDuration:UInt64}', 'maxDuration', value.toString()),
  statusMessage: (value) => term('StatusMessage = {statusMessage:String}', 'statusMessage', value),
  scopeName: (value) => term('ScopeName = {scopeName:String}', 'scopeName', value),
  scopeVersion: (value) => term('ScopeVersion = {scopeVersion:String}', 'scopeVersion', value),
  traceState: (value) => term('TraceState = {traceState:String}', 'traceState', value),
  actor: (value) => term('Actor = {actor:String}', 'actor', value),
  witness: (value) => term('Witness = {witness:String}', 'witness', value),
  target: (value) => term('Target = {exactTarget:String}', 'exactTarget', value),
  authority: (value) => term(namedByRun('Authority', 'authority'), 'authority', value),
  principalKind: (value) => term(namedByRun('PrincipalKind', 'principalKind'), 'principalKind', value),
};

/** Attributes that nobody sent are empty too. */
const holds = (map: string, index: number): string =>
  `(mapContains(${map}, {key${index}:String}) AND ${map}[{key${index}:String}] = {value${index}:String})`;

const attributeTerm =
  (own: boolean, offset: number) =>
  ([key, value]: readonly [string, string], at: number): Term => {
    const index = offset + at;
    const inSpan = holds('SpanAttributes', index);
    const anywhere = [
      inSpan,
      holds('ResourceAttributes', index),
      ...['`Events.Attributes`', '`Links.Attributes`'].map(
        (maps) => `arrayExists(attributes -> ${holds('attributes', index)}, ${maps})`,
      ),
    ];
    return {
      sql: own ? inSpan : `(${anywhere.join(' OR ')})`,
      parameters: { [`key${index}`]: key, [`value${index}`]: value },
    };
  };

export const traceConditionOf = ({
  action = {},
  attributes = [],
  ownAttributes = [],
  ...rest
}: TraceFilter): Condition => {
  const base = conditionOf(action);
  const terms = [
    ...(Object.keys(TERMS) as (keyof typeof TERMS)[]).flatMap((field) => {
      const value = rest[field];
      return value === undefined ? [] : [(TERMS[field] as (value: unknown) => Term)(value)];
    }),
    ...attributes.map(attributeTerm(false, 0)),
    ...ownAttributes.map(attributeTerm(true, attributes.length)),
  ];
  return {
    sql: [base.sql, ...terms.map(({ sql }) => sql)].join(' AND '),
    parameters: Object.assign(
      {},
      base.parameters,
      ...terms.map(({ parameters }) => parameters),
    ) as Parameters,
  };
};
