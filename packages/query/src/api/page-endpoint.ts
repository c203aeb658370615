import type { Request, Response } from 'express';
import { z } from 'zod';
import { QueryError } from '../query-error.ts';
import type { Asker } from './asker.ts';
import type { Context } from './context.ts';
import { csvOf } from './csv.ts';
import { formatCursor, readCursor } from './cursor.ts';
import { type Described, type Route, sendJson } from './endpoint.ts';
import { badParameter, count, readParameters } from './parameters.ts';

/** A part of a list, and where the next begins. */
export interface Page<Item, Position> {
  readonly items: readonly Item[];
  /** Where this page ended. Absent: it was the last. */
  readonly next?: Position;
}

/** How a position is written as texts, and read back. Undefined: no such position. */
export interface PositionCodec<Position> {
  write(position: Position): readonly string[];
  read(texts: readonly string[]): Position | undefined;
}

export interface PageAsked<Path, Parameters, Position> {
  readonly path: Path;
  readonly parameters: Parameters;
  readonly limit: number;
  /** Where the page before ended. */
  readonly after?: Position;
}

/** One that answers with a list, page by page: as a JSON object, as NDJSON or as CSV, as the asker accepts. */
export interface PageEndpoint<
  Path extends z.ZodObject,
  Parameters extends z.ZodObject,
  Item extends z.ZodType,
  Position,
> extends Described {
  readonly pathParameters?: Path;
  readonly parameters?: Parameters;
  /** What the list is called in the JSON answer: `actions`. */
  readonly name: string;
  readonly item: Item;
  /** Columns of the CSV form: dotted paths into an item. */
  readonly columns: readonly string[];
  readonly position: PositionCodec<Position>;
  /** Items on a page, where the asker says nothing, and at most. @default 100, 1000 */
  readonly limits?: { readonly usual: number; readonly most: number };
  respond(
    asked: PageAsked<z.output<Path>, z.output<Parameters>, Position>,
    context: Context,
  ): Promise<Page<z.input<Item>, Position>>;
}

const NONE = z.object({});
const LIMITS = { usual: 100, most: 1000 };

const JSON_TYPE = 'application/json';
const NDJSON = 'application/x-ndjson';
const CSV = 'text/csv';

export const pageEndpoint = <
  Item extends z.ZodType,
  Position,
  Path extends z.ZodObject = typeof NONE,
  Parameters extends z.ZodObject = typeof NONE,
>(
  made: PageEndpoint<Path, Parameters, Item, Position>,
): Route => {
  const { name, item, columns, position, limits = LIMITS, pathParameters = NONE } = made;
  const own = made.parameters ?? NONE;
  const parameters = own.extend({
    limit: count(1, limits.most).optional().describe(`Items on a page; ${limits.usual} where not said.`),
    cursor: z.string().optional().describe('`next` of the page before, as it is.'),
  });

  const pageOf = async (request: Request, context: Context) => {
    const path = readParameters(pathParameters, request.params) as z.output<Path>;
    const { limit, cursor, ...rest } = readParameters(parameters, request.query);
    const question = questionOf(request, context.asker);
    const after = cursor === undefined ? undefined : positionIn(question, cursor, position);
    const page = await made.respond(
      {
        path,
        parameters: rest as z.output<Parameters>,
        limit: limit ?? limits.usual,
        ...(after === undefined ? {} : { after }),
      },
      context,
    );
    const next = page.next === undefined ? undefined : formatCursor(question, position.write(page.next));
    return { items: page.items, next };
  };

  return {
    method: 'get',
    path: made.path,
    role: made.role ?? 'reader',
    tag: made.tag,
    summary: made.summary,
    ...(made.description === undefined ? {} : { description: made.description }),
    pathParameters,
    parameters,
    status: 200,
    answers: {
      [JSON_TYPE]: z.object({
        [name]: z.array(item),
        next: z.string().optional().describe('Cursor of the next page. Absent: this is the last.'),
      }),
      [NDJSON]: item,
      [CSV]: z.string().describe(`One line for each; columns ${columns.join(', ')}.`),
    },
    examples: made.examples,
    respond: async (request, response, context) => {
      const form = formOf(request);
      const { items, next } = await pageOf(request, context);
      response.locals['rows'] = items.length;
      response.vary('Accept');
      if (next !== undefined) response.links({ next: addressOf(request.originalUrl, next) });
      if (form === NDJSON) send(response, NDJSON, items.map((each) => `${JSON.stringify(each)}\n`).join(''));
      else if (form === CSV) send(response, `${CSV}; header=present`, csvOf(columns, items));
      else sendJson(response, { [name]: items, ...(next === undefined ? {} : { next }) });
    },
  };
};

const formOf = (request: Request): string => {
  const form = request.accepts([JSON_TYPE, NDJSON, CSV]);
  if (form === false) {
    throw new QueryError('not_acceptable', `Lists are given as ${JSON_TYPE}, ${NDJSON} or ${CSV}.`);
  }
  return form;
};

const send = (response: Response, type: string, text: string): void => {
  response.set('Content-Type', type.includes('charset') ? type : `${type}; charset=utf-8`).send(text);
};

/** What a cursor belongs to: the asker's tenant, the address and every parameter that is not about paging. */
const questionOf = (request: Request, { tenant }: Asker): string => {
  const parameters = Object.entries(request.query).filter(([key]) => key !== 'cursor' && key !== 'limit');
  return JSON.stringify([tenant, request.path, parameters.sort(([a], [b]) => (a < b ? -1 : 1))]);
};

const positionIn = <Position>(question: string, text: string, codec: PositionCodec<Position>): Position => {
  const read = readCursor(question, text);
  if (read.status === 'of_another_question') {
    throw badParameter('cursor', 'belongs to another question: only its own parameters may go with it');
  }
  const position = read.status === 'read' ? codec.read(read.position) : undefined;
  if (position === undefined) {
    throw badParameter('cursor', 'a cursor is taken as it is from "next" of the page before');
  }
  return position;
};

const addressOf = (url: string, next: string): string => {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  searchParams.set('cursor', next);
  return `${pathname}?${searchParams}`;
};
