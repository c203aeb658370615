import { z } from 'zod';
import type { Route } from '../api/endpoint.ts';
import type { Problem } from '../api/problem.ts';
import type { Answered } from './sender.fixture.ts';

const PROBLEM = z.strictObject({
  type: z.string().startsWith('urn:whence:problem:'),
  title: z.string().min(1),
  status: z.number(),
  detail: z.string().min(1),
  code: z.string(),
  field: z.string().optional(),
});

/** What a caller is told, whatever was sent. For tests. */
export type Told =
  | { readonly status: 'answered' }
  | {
      readonly status: 'refused';
      readonly http: number;
      /** What is said for people. */
      readonly detail: string;
      /** Problem details. Absent: said in the words of another API. */
      readonly problem?: z.output<typeof PROBLEM>;
    }
  /** Neither what the route describes nor a refusal as the route refuses. */
  | { readonly status: 'wrong'; readonly why: string };

export const toldBy = (route: Route, { status, headers, text }: Answered): Told => {
  const type = headers['content-type'] ?? '';
  if (status === route.status) {
    const mistake = mistakeIn(route, type, text);
    return mistake === undefined ? { status: 'answered' } : { status: 'wrong', why: mistake };
  }
  if (status < 400 || status >= 500) return { status: 'wrong', why: `${status}: ${text}` };
  const said: unknown = JSON.parse(text);
  if (!type.startsWith('application/problem+json')) {
    const isSaidSo = shapeOf(said) === shapeOf(route.refusal?.(ANY));
    return isSaidSo ? { status: 'refused', http: status, detail: text } : { status: 'wrong', why: text };
  }
  const { data: problem } = PROBLEM.safeParse(said);
  if (problem?.status !== status) return { status: 'wrong', why: `${status}: ${text}` };
  return { status: 'refused', http: status, detail: problem.detail, problem };
};

const ANY = { status: 400, detail: 'any' } as Problem;

/** Names and kinds of values, without the values. */
const shapeOf = (json: unknown): string =>
  JSON.stringify(json, (_, value: unknown) => (typeof value === 'object' ? value : typeof value));

const mistakeIn = (route: Route, contentType: string, text: string): string | undefined => {
  const [type = ''] = contentType.split(';');
  const answer = Object.entries(route.answers).find(([described]) => described.split(';')[0] === type)?.[1];
  if (answer === undefined) return `an answer of the type ${contentType}`;
  const parts: unknown[] =
    type === 'application/json'
      ? [JSON.parse(text)]
      : type === 'application/x-ndjson'
        ? text
            .split('\n')
            .slice(0, -1)
            .map((line) => JSON.parse(line) as unknown)
        : [text];
  return parts.map((part) => answer.safeParse(part).error?.message).find((message) => message !== undefined);
};
