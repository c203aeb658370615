import { z } from 'zod';
import type { Route } from './endpoint.ts';

type Json = Record<string, unknown>;

const PROBLEM = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number(),
    detail: z.string().describe('What was wrong, where, and what to do.'),
    code: z.string().describe('Closed: told apart by callers.'),
    field: z.string().optional().describe('The parameter at fault.'),
  })
  .meta({ id: 'Problem', description: 'Problem details (RFC 9457).' });

/** The API as OpenAPI 3.1, from the schemas that requests are read with. */
export const openApiOf = (routes: readonly Route[], version: string): Json => {
  const schemas: Json = {};
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method]: operationOf(route, schemas) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Whence',
      version,
      description: '"Who caused this?", for any action that a machine took.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas,
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
    },
  };
};

const operationOf = (route: Route, schemas: Json): Json => ({
  operationId: operationIdOf(route),
  tags: [route.tag],
  summary: route.summary,
  ...(route.description === undefined ? {} : { description: route.description }),
  security: route.role === 'anyone' ? [] : [{ bearer: [route.role] }],
  parameters: [
    ...parametersOf(route.pathParameters, 'path', schemas),
    ...parametersOf(route.parameters, 'query', schemas),
  ],
  ...(route.body === undefined
    ? {}
    : {
        requestBody: {
          required: true,
          content: { 'application/json': { schema: schemaOf(route.body, 'input', schemas) } },
        },
      }),
  responses: {
    [route.status]: {
      description: route.summary,
      content: Object.fromEntries(
        Object.entries(route.answers).map(([type, answer]) => [
          type,
          { schema: schemaOf(answer, 'output', schemas) },
        ]),
      ),
    },
    default: {
      description: 'It was not answered, and why.',
      content: { 'application/problem+json': { schema: schemaOf(PROBLEM, 'output', schemas) } },
    },
  },
  'x-examples': route.examples,
});

/** `GET /v1/runs/{id}/tree` is `getRunsByIdTree`. */
const operationIdOf = ({ method, path }: Route): string =>
  method +
  path
    .replace(/^\/v1/, '')
    .split(/[/.-]/)
    .filter((word) => word !== '')
    .map((word) => (word.startsWith('{') ? `By${capital(word.slice(1, -1))}` : capital(word)))
    .join('');

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

const parametersOf = (schema: z.ZodObject, place: 'path' | 'query', schemas: Json): readonly Json[] =>
  Object.entries(schema.shape).map(([name, field]) => {
    const { description, ...rest } = schemaOf(field as z.ZodType, 'input', schemas);
    return {
      name,
      in: place,
      required: place === 'path' || !(field as z.ZodType).safeParse(undefined).success,
      ...(description === undefined ? {} : { description }),
      schema: rest,
    };
  });

/** One schema, those with a name of their own among `schemas`. */
const schemaOf = (schema: z.ZodType, io: 'input' | 'output', schemas: Json): Json => {
  const { $schema: _, $defs = {}, ...own } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json;
  for (const [name, definition] of Object.entries($defs as Json)) schemas[name] ??= referring(definition);
  const name = own['id'];
  if (typeof name !== 'string') return referring(own) as Json;
  schemas[name] ??= referring(own);
  return { $ref: `#/components/schemas/${name}` };
};

const referring = (schema: unknown): unknown =>
  JSON.parse(
    JSON.stringify(schema, (key, value: unknown) =>
      key === '$ref' && typeof value === 'string'
        ? value.replace('#/$defs/', '#/components/schemas/')
        : key === 'id' && typeof value === 'string' && /^[A-Z]/.test(value)
          ? undefined
          : value,
    ),
  );
