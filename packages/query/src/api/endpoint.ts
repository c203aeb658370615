import type { Request, Response } from 'express';
import { z } from 'zod';
import type { Role } from './asker.ts';
import type { Context } from './context.ts';
import { readBody, readParameters } from './parameters.ts';

export type Method = 'get' | 'post' | 'put' | 'delete';

/** Names of answers, in the order in which `/openapi.json` groups them. */
export type Tag = 'lineage' | 'inventory' | 'findings' | 'access' | 'service';

/** An address of the API as it is served and described: both come from here. */
export interface Route {
  readonly method: Method;
  /** With `{name}` for each path parameter. */
  readonly path: string;
  readonly role: Role | 'anyone';
  readonly tag: Tag;
  readonly summary: string;
  readonly description?: string;
  readonly pathParameters: z.ZodObject;
  readonly parameters: z.ZodObject;
  readonly body?: z.ZodType;
  readonly status: number;
  /** What is answered, by media type. */
  readonly answers: Readonly<Record<string, z.ZodType>>;
  /** Requests that a newcomer may send as they are. */
  readonly examples: readonly Example[];
  respond(request: Request, response: Response, context: Context): Promise<void>;
}

export interface Example {
  readonly summary: string;
  /** Path and query. */
  readonly request: string;
  readonly body?: unknown;
}

const NONE = z.object({});

export interface Described {
  readonly path: string;
  readonly method?: Method;
  /** @default 'reader' */
  readonly role?: Role | 'anyone';
  readonly tag: Tag;
  readonly summary: string;
  readonly description?: string;
  readonly examples: readonly Example[];
}

/** One that answers with one JSON object. */
export interface ObjectEndpoint<
  Path extends z.ZodObject,
  Parameters extends z.ZodObject,
  Body extends z.ZodType,
  Answer extends z.ZodType,
> extends Described {
  readonly pathParameters?: Path;
  readonly parameters?: Parameters;
  readonly body?: Body;
  /** @default 200 */
  readonly status?: number;
  readonly answer: Answer;
  /** How many items of the record an answer gives, for the record of questions. Absent: it is not counted. */
  rowsIn?(answer: z.input<Answer>): number;
  respond(asked: Asked<Path, Parameters, Body>, context: Context): Promise<z.input<Answer>>;
}

export type Asked<Path extends z.ZodObject, Parameters extends z.ZodObject, Body extends z.ZodType> = {
  readonly path: z.output<Path>;
  readonly parameters: z.output<Parameters>;
  readonly body: z.output<Body>;
};

export const endpoint = <
  Answer extends z.ZodType,
  Path extends z.ZodObject = typeof NONE,
  Parameters extends z.ZodObject = typeof NONE,
  Body extends z.ZodType = z.ZodUndefined,
>(
  made: ObjectEndpoint<Path, Parameters, Body, Answer>,
): Route => {
  const pathParameters = made.pathParameters ?? NONE;
  const parameters = made.parameters ?? NONE;
  const status = made.status ?? 200;
  return {
    method: made.method ?? 'get',
    path: made.path,
    role: made.role ?? 'reader',
    tag: made.tag,
    summary: made.summary,
    ...(made.description === undefined ? {} : { description: made.description }),
    pathParameters,
    parameters,
    ...(made.body === undefined ? {} : { body: made.body }),
    status,
    answers: { 'application/json': made.answer },
    examples: made.examples,
    respond: async (request, response, context) => {
      const asked = {
        path: readParameters(pathParameters, request.params),
        parameters: readParameters(parameters, request.query),
        body: made.body === undefined ? undefined : readBody(made.body, request.body),
      } as Asked<Path, Parameters, Body>;
      const answer = await made.respond(asked, context);
      if (made.rowsIn !== undefined) response.locals['rows'] = made.rowsIn(answer);
      sendJson(response.status(status), answer);
    },
  };
};

export const sendJson = (response: Response, answer: unknown): void => {
  response.set('Content-Type', 'application/json; charset=utf-8').send(`${JSON.stringify(answer)}\n`);
};
