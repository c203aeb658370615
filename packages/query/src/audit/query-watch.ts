import { randomBytes } from 'node:crypto';
import type { Counters, SpanRef } from '@whence/model';
import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import type { Asker } from '../api/asker.ts';
import type { Route } from '../api/endpoint.ts';
import { sendProblem } from '../api/problem.ts';
import { COUNTED } from '../counters.ts';
import { QueryError } from '../query-error.ts';
import { type AskedQuery, isRefused } from './asked-query.ts';
import { callerIn } from './caller-context.ts';
import { holdAnswer } from './held-answer.ts';
import type { QueryRecorder } from './query-recorder.ts';
import { requestLineOf } from './request-line.ts';

/** Sees every request for something of the record, from its first line to its answer. */
export interface QueryWatch {
  begin(route: Route, request: Request, response: Response): Watched;
}

export interface Watched {
  /** Who asks, as soon as that is known. */
  askedBy(asker: Asker): void;
}

/**
 * Counts each request, and records it before it is answered. What could not be recorded is not answered, unless the
 * answer gives nothing of the record.
 *
 * @param recorder undefined: requests are counted only
 */
export const watchQueries = (
  recorder: QueryRecorder | undefined,
  counters: Counters,
  logger: Logger,
): QueryWatch => ({
  begin: (route, request, response) => {
    const startedAtMillis = Date.now();
    const started = process.hrtime.bigint();
    const own = newSpan();
    const caller = callerIn(request.get('traceparent'));
    let asker: Asker | undefined;
    if (recorder !== undefined) {
      response.set({
        'Whence-Query-Id': own.spanId,
        traceresponse: `00-${own.traceId}-${own.spanId}-01`,
      });
    }

    const asked = (): AskedQuery => ({
      ...own,
      ...(asker === undefined ? {} : { asker }),
      method: request.method,
      route: route.path,
      line: requestLineOf(route, request.method, request.originalUrl),
      status: response.statusCode,
      ...optional('problem', response.locals['problem'] as string | undefined),
      ...optional('rows', response.locals['rows'] as number | undefined),
      startedAtMillis,
      durationNanos: Number(process.hrtime.bigint() - started),
      client: plainAddress(request.socket.remoteAddress ?? ''),
      ...optional('forwardedFor', shortened(request.get('x-forwarded-for'))),
      ...optional('userAgent', shortened(request.get('user-agent'))),
      ...optional('caller', caller),
    });

    const beforeAnswer = async (): Promise<void> => {
      const query = asked();
      counters.add(COUNTED.requestsAnswered, 1, `route="${query.route}",status="${query.status}"`);
      counters.add(COUNTED.requestSeconds, query.durationNanos / 1e9, `route="${query.route}"`);
      if (recorder === undefined) return;
      try {
        await recorder.record(query);
      } catch (error) {
        if (isRefused(query) || query.status >= 500) recorder.notRecorded(query, 'unavailable');
        else throw error;
      }
    };

    holdAnswer(response, beforeAnswer, (error) => {
      logger.error({ err: error }, 'a question cannot be recorded: it is not answered');
      sendProblem(response, new QueryError('record_unavailable', NOT_RECORDED));
    });
    return {
      askedBy: (known) => {
        asker = known;
      },
    };
  },
});

const NOT_RECORDED =
  'Every question is recorded before it is answered, and this one cannot be now: the disk of the query service (WHENCE_QUERY_DATA_DIR) takes nothing more, or too much waits there for the store.';

const HEADER_MAX_LENGTH = 500;

const shortened = (text: string | undefined): string | undefined =>
  text === undefined || text.length <= HEADER_MAX_LENGTH ? text : `${text.slice(0, HEADER_MAX_LENGTH)}…`;

const newSpan = (): SpanRef => ({
  traceId: randomBytes(16).toString('hex'),
  spanId: randomBytes(8).toString('hex'),
});

/** An IPv4 address as such, whatever the socket was opened for. */
const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/, '');

const optional = <Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { readonly [K in Key]?: Value } =>
  value === undefined ? {} : ({ [key]: value } as { readonly [K in Key]: Value });
