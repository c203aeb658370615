import {
  ACTION_STATUSES,
  type Action,
  ASSURANCES,
  AUTHORITY_KINDS,
  type Authority,
  CAUSE_KINDS,
  INHERITANCE_WAYS,
  type InheritedFrom,
  OUTCOMES,
  PRINCIPAL_KINDS,
  type Run,
  SPAN_KINDS,
  TRIGGERS,
  WITNESSES,
} from '@whence/model';
import { z } from 'zod';

/** The vocabulary of the record as the API gives it: the model's types, described for `/openapi.json`. */

export const nanosMoment = z.string().meta({
  description: 'RFC 3339 with nanoseconds, UTC.',
  examples: ['2026-03-01T03:14:07.004000001Z'],
});

const millisMoment = z.string().meta({
  description: 'RFC 3339 with milliseconds, UTC.',
  examples: ['2026-03-01T03:14:07.004Z'],
});

const stepMoment = z.string().meta({
  description: 'RFC 3339, UTC.',
  examples: ['2026-03-01T03:00:00Z'],
});

export const MOMENT = { nanos: nanosMoment, millis: millisMoment, step: stepMoment };

export const ASSURANCE = z.enum(ASSURANCES).meta({
  id: 'Assurance',
  description: 'How the principal is known: `refuted` is a proof that failed, `none` is no reference at all.',
});

export const WITNESS = z.enum(WITNESSES).meta({ id: 'Witness', description: 'Who observed it.' });

export const PRINCIPAL_KIND = z.enum(PRINCIPAL_KINDS).meta({ id: 'PrincipalKind' });

export const CAUSE_KIND = z.enum(CAUSE_KINDS).meta({ id: 'CauseKind' });

export const PRINCIPAL = z
  .object({ id: z.string(), kind: PRINCIPAL_KIND })
  .readonly()
  .meta({ id: 'Principal' });

export const AUTHORITY = z
  .object({ kind: z.enum(AUTHORITY_KINDS), id: z.string() })
  .readonly()
  .meta({
    id: 'Authority',
    description: 'What allowed it: `user:…`, `policy:…`, `approval:…`.',
  }) satisfies z.ZodType<Authority>;

export const INHERITED_FROM = z
  .object({
    traceId: z.string(),
    spanId: z.string(),
    via: z.enum(INHERITANCE_WAYS).describe('`link`: over at least one span link.'),
    hops: z.number().describe('Steps up to it, from 1.'),
  })
  .readonly()
  .meta({
    id: 'InheritedFrom',
    description: 'The verified action that brought this one about, which has no reference of its own.',
  }) satisfies z.ZodType<InheritedFrom>;

export const ACTION = z
  .object({
    traceId: z.string().describe('32 hex digits.'),
    spanId: z.string().describe('16 hex digits.'),
    parentSpanId: z.string().exactOptional(),
    service: z.string().exactOptional(),
    name: z.string(),
    kind: z.enum(SPAN_KINDS),
    system: z
      .string()
      .exactOptional()
      .describe('What was acted on, by its OpenTelemetry name: `postgresql`.'),
    operation: z.string().exactOptional().describe('The verb: `UPDATE`.'),
    target: z.string().exactOptional().describe('Resource URI.'),
    statement: z.string().exactOptional().describe('The command itself.'),
    startTime: nanosMoment,
    durationNanos: z.number(),
    status: z.enum(ACTION_STATUSES),
    statusMessage: z.string().exactOptional(),
    principal: PRINCIPAL.exactOptional(),
    runId: z.string().exactOptional(),
    rootRunId: z.string().exactOptional(),
    authority: AUTHORITY.exactOptional(),
    assurance: ASSURANCE,
    inheritedFrom: INHERITED_FROM.exactOptional(),
    witness: WITNESS,
    actor: z.string().exactOptional().describe('The workload that sent it, as authenticated.'),
  })
  .readonly()
  .meta({
    id: 'Action',
    description: 'One command or call: one OpenTelemetry span. A field that is absent is not known.',
  }) satisfies z.ZodType<Action>;

export const RUN = z
  .object({
    id: z.string().describe('UUIDv7.'),
    rootId: z.string().describe('The run that began it all; its own id for a root.'),
    parentId: z.string().exactOptional(),
    path: z.array(z.string()).readonly().describe('Ancestors, the root first, at most 64.'),
    job: z.string(),
    attempt: z.number(),
    trigger: z.enum(TRIGGERS),
    principal: PRINCIPAL,
    authority: AUTHORITY.exactOptional(),
    assurance: ASSURANCE,
    actor: z.string().exactOptional(),
    tenant: z.string(),
    startedAt: millisMoment,
    endedAt: millisMoment.exactOptional(),
    outcome: z.enum(OUTCOMES).exactOptional(),
    message: z.string().exactOptional(),
  })
  .readonly()
  .meta({ id: 'Run', description: 'One execution of something.' }) satisfies z.ZodType<Run>;
