import { authorityOf, isPrincipalId, OUTCOMES, TRIGGERS } from '@whence/model';
import { z } from 'zod';
import { isJobName } from '../credentials/job-pattern.ts';
import { type Refusal, refused } from './refusal.ts';

const ATTEMPT_MAX = 1_000_000;
const MESSAGE_MAX_LENGTH = 2_000;

const startRequest = z
  .strictObject({
    /** What is to be executed, by name. */
    job: z.string().refine(isJobName, 'must be 1 to 200 characters, none of them invisible'),
    /** Whom the run acts as. May be left out where the credential runs this job as one principal only. */
    principal: z
      .string()
      .refine(isPrincipalId, 'must be a URI such as k8s://cluster/namespace/name')
      .optional(),
    /** Default: `parent` where there is a parent, otherwise `api`. `handoff`: the parent hands over to another principal. */
    trigger: z.enum(TRIGGERS).optional(),
    attempt: z.int().min(1).max(ATTEMPT_MAX).default(1),
    /** A cross-check, never a source: it must be what the issuer finds by itself. */
    authority: z
      .string()
      .refine((id) => authorityOf(id) !== undefined, 'must be user:…, policy:… or approval:…')
      .optional(),
    /** The reference of the run that starts this one: what `tracestate` carries as `whence=…`. */
    parent: z.string().max(64).optional(),
  })
  .refine(({ trigger, parent }) => trigger !== 'handoff' || parent !== undefined, {
    path: ['parent'],
    message: 'a handoff needs the run that hands over',
  });

const endRequest = z.strictObject({
  outcome: z.enum(OUTCOMES),
  /** For people. Longer ones are cut, and say so. */
  message: z.string().transform(cut).optional(),
});

/** The identity of the workload says it all. */
const tokenRequest = z.strictObject({});

export type StartRequest = z.output<typeof startRequest>;
export type EndRequest = z.output<typeof endRequest>;

export type ParsedRequest<Request> =
  | { readonly status: 'parsed'; readonly request: Request }
  | Refusal<'invalid_request'>;

/** @param body a request body, decoded from JSON; every fault in it is named at once */
export const parseStartRequest = (body: unknown): ParsedRequest<StartRequest> => parse(startRequest, body);

/** @param body as above */
export const parseEndRequest = (body: unknown): ParsedRequest<EndRequest> => parse(endRequest, body);

/** @param body as above */
export const parseTokenRequest = (body: unknown): ParsedRequest<object> => parse(tokenRequest, body);

const parse = <Schema extends z.ZodType>(schema: Schema, body: unknown): ParsedRequest<z.output<Schema>> => {
  const parsed = schema.safeParse(body);
  if (parsed.success) return { status: 'parsed', request: parsed.data };
  const faults = parsed.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  const field = parsed.error.issues.find(({ path }) => path.length > 0)?.path[0];
  return refused('invalid_request', faults.join('; '), field === undefined ? undefined : String(field));
};

function cut(text: string): string {
  if (text.length <= MESSAGE_MAX_LENGTH) return text;
  const note = ` … (${text.length} characters, cut)`;
  return text.slice(0, MESSAGE_MAX_LENGTH - note.length) + note;
}
