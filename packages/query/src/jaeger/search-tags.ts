import {
  ACTION_STATUSES,
  type ActionStatus,
  ASSURANCES,
  type Assurance,
  isRunId,
  SPAN_KINDS,
  type SpanKind,
  WITNESSES,
  type Witness,
} from '@whence/model';
import type { TraceFilter } from '@whence/store';
import { badParameter } from '../api/parameters.ts';
import { CLAIMED, RECORD_TAGS, type Tag } from './attribution-tags.ts';

type Meaning = (value: string) => TraceFilter | undefined;

const oneOf =
  <Word extends string>(words: readonly Word[], filterOf: (word: Word) => TraceFilter): Meaning =>
  (value) => {
    const word = words.find((known) => known === value.toLowerCase());
    return word === undefined ? undefined : filterOf(word);
  };

const run =
  (filterOf: (id: string) => TraceFilter): Meaning =>
  (value) =>
    isRunId(value.toLowerCase()) ? filterOf(value.toLowerCase()) : undefined;

/** Tags that are no attributes: what Jaeger makes of a span's own fields, and what the record says. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  'span.kind': oneOf<SpanKind>(SPAN_KINDS, (kind) => ({ kind })),
  'otel.status_code': oneOf<ActionStatus>(ACTION_STATUSES, (status) => ({ action: { status } })),
  'otel.status_description': (statusMessage) => ({ statusMessage }),
  'otel.scope.name': (scopeName) => ({ scopeName }),
  'otel.library.name': (scopeName) => ({ scopeName }),
  'otel.scope.version': (scopeVersion) => ({ scopeVersion }),
  'otel.library.version': (scopeVersion) => ({ scopeVersion }),
  'w3c.tracestate': (traceState) => ({ traceState }),
  [RECORD_TAGS.principalId]: (principal) => ({ action: { principal } }),
  [RECORD_TAGS.principalKind]: (principalKind) => ({ principalKind }),
  [RECORD_TAGS.runId]: run((runId) => ({ action: { runId } })),
  [RECORD_TAGS.rootRunId]: run((rootRunId) => ({ action: { rootRunId } })),
  [RECORD_TAGS.authorityId]: (authority) => ({ authority }),
  [RECORD_TAGS.assurance]: oneOf<Assurance>(ASSURANCES, (assurance) => ({ action: { assurance } })),
  [RECORD_TAGS.system]: (system) => ({ action: { system } }),
  [RECORD_TAGS.operation]: (operation) => ({ action: { operation } }),
  [RECORD_TAGS.target]: (target) => ({ target }),
  [RECORD_TAGS.actor]: (actor) => ({ actor }),
  [RECORD_TAGS.witness]: oneOf<Witness>(WITNESSES, (witness) => ({ witness })),
};

/** Worked out when a trace is shown: no column holds it. */
const NOT_SEARCHED: ReadonlySet<string> = new Set([RECORD_TAGS.missing, RECORD_TAGS.caused]);

/** @throws QueryError `bad_parameter` where the value is none that the tag can have. */
export const filterOfTags = (parameter: string, tags: readonly Tag[]): TraceFilter =>
  tags.map((tag) => filterOf(parameter, tag)).reduce(both, {});

const filterOf = (parameter: string, [key, value]: Tag): TraceFilter => {
  if (NOT_SEARCHED.has(key)) throw badParameter(parameter, `${key} cannot be searched for`);
  if (key === 'error' && value === 'true') return { action: { status: 'error' } };
  if (key.startsWith(CLAIMED)) return { ownAttributes: [[key.slice(CLAIMED.length), value]] };
  const meaning = Object.hasOwn(MEANINGS, key) ? MEANINGS[key] : undefined;
  if (meaning === undefined) return { attributes: [[key, value]] };
  const filter = meaning(value);
  if (filter === undefined) throw badParameter(parameter, `${key} is never ${JSON.stringify(value)}`);
  return filter;
};

const both = (a: TraceFilter, b: TraceFilter): TraceFilter => ({
  ...a,
  ...b,
  action: { ...a.action, ...b.action },
  attributes: [...(a.attributes ?? []), ...(b.attributes ?? [])],
  ownAttributes: [...(a.ownAttributes ?? []), ...(b.ownAttributes ?? [])],
});
