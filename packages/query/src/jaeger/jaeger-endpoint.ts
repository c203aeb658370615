import type { Request, Response } from 'express';
import { z } from 'zod';
import type { Context } from '../api/context.ts';
import { type Described, type Route, sendJson } from '../api/endpoint.ts';
import { readParameters } from '../api/parameters.ts';
import type { Problem } from '../api/problem.ts';

/** An address of Jaeger's: its parameters, its answers and its refusals are what Jaeger's clients know. */
export interface JaegerEndpoint<
  Path extends z.ZodObject,
  Parameters extends z.ZodObject,
  Answer extends z.ZodType,
> extends Omit<Described, 'tag' | 'role' | 'method'> {
  readonly pathParameters?: Path;
  readonly parameters?: Parameters;
  readonly refusal: (problem: Problem) => unknown;
  readonly answer: Answer;
  /** @returns the answer, or nothing where it was sent already. */
  respond(
    asked: { readonly path: z.output<Path>; readonly parameters: z.output<Parameters> },
    context: Context,
    response: Response,
  ): Promise<z.input<Answer> | undefined>;
}

const NONE = z.object({});

export const jaegerEndpoint = <
  Answer extends z.ZodType,
  Path extends z.ZodObject = typeof NONE,
  Parameters extends z.ZodObject = typeof NONE,
>(
  made: JaegerEndpoint<Path, Parameters, Answer>,
): Route => {
  const pathParameters = made.pathParameters ?? NONE;
  const parameters = made.parameters ?? NONE;
  return {
    method: 'get',
    path: made.path,
    role: 'reader',
    tag: 'jaeger',
    summary: made.summary,
    ...(made.description === undefined ? {} : { description: made.description }),
    pathParameters,
    parameters,
    status: 200,
    answers: { 'application/json': made.answer },
    examples: made.examples,
    refusal: made.refusal,
    respond: async (request, response, context) => {
      const asked = {
        path: readParameters(pathParameters, request.params),
        parameters: readParameters(parameters, filledIn(request)),
      } as { path: z.output<Path>; parameters: z.output<Parameters> };
      const answer = await made.respond(asked, context, response);
      if (answer !== undefined) sendJson(response, answer);
    },
  };
};

/** Search forms send a field that was left empty as an empty text. */
const filledIn = ({ query }: Request): unknown =>
  Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ''));
