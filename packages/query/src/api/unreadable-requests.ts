import { type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { QueryError } from '../query-error.ts';
import { problemOf } from './problem.ts';

/** How long whoever is refused may go on sending; a connection that is closed before loses them the answer. */
const LINGER_MILLIS = 1000;

/** What never becomes a request for a route is refused in the words of any other refusal; the connection ends with it. */
export const refuseUnreadable = (server: Server): void => {
  const answering = new WeakSet<Duplex>();
  server.on('request', ({ socket }, response) => {
    answering.add(socket);
    response.once('close', () => answering.delete(socket));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (!socket.writable) return;
    // Half of an answer may have been sent: one in the middle of it would be taken for a part.
    if (error.code === 'ECONNRESET' || answering.has(socket)) {
      socket.destroy();
      return;
    }
    socket.end(answerTo(error.code));
    setTimeout(() => socket.destroy(), LINGER_MILLIS).unref();
  });
};

const answerTo = (code = ''): string => {
  const problem = problemOf(refusalOf(code));
  const body = `${JSON.stringify(problem)}\n`;
  return [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    'Connection: close',
    'Cache-Control: no-store',
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
};

const refusalOf = (code: string): QueryError => {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new QueryError('head_too_large', 'The address and the headers are longer than 16 KiB together.');
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new QueryError('request_timeout', 'The request did not come whole within 30 s.');
  }
  return new QueryError('not_http', `This is not HTTP as the service reads it (${code}).`);
};
