import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { AnswerWriter } from './answer-writer.ts';
import { ClickHouseError, fromEngine } from './clickhouse-error.ts';
import { authenticate } from './credentials.ts';
import type { EngineFacts } from './engine.ts';
import { discardRest, readBody } from './request-body.ts';
import { isForm, readForm, readUrlParameters } from './request-parameters.ts';
import { readStatementRequest } from './statement-request.ts';
import type { StatementRunner } from './statement-runner.ts';
import { readStatement } from './statement-source.ts';

/** Longer than clients keep idle sockets, so that it is they who close them. */
const KEEP_ALIVE_MILLIS = 30_000;
/** Statements and their parameters may be in the URL: as much as ClickHouse takes there. */
const MAX_HEADER_BYTES = 2 ** 20;
const BODY_IDLE_MILLIS = 60_000;
/** How long a client may go on sending a body that was refused. */
const DISCARD_MILLIS = 10_000;

export interface HttpServiceOptions {
  readonly facts: EngineFacts;
  readonly runner: StatementRunner;
  readonly password: string;
  readonly maxBodyBytes: number;
  readonly log: Logger;
}

/** ClickHouse's HTTP interface: `/` for statements, `/ping` and `/replicas_status` for load balancers. */
export class HttpService {
  readonly #options: HttpServiceOptions;
  readonly #server: Server;
  readonly #active = new Set<Promise<void>>();
  #draining = false;

  constructor(options: HttpServiceOptions) {
    this.#options = options;
    this.#server = createServer(
      { keepAliveTimeout: KEEP_ALIVE_MILLIS, requestTimeout: 0, maxHeaderSize: MAX_HEADER_BYTES },
      (message, response) => {
        const work = this.#handle(message, response);
        this.#active.add(work);
        void work.finally(() => this.#active.delete(work));
      },
    );
  }

  /** @throws Error with one line, when the address cannot be had */
  listen(host: string, port: number): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        const reason =
          error.code === 'EADDRINUSE' ? 'is already in use' : `cannot be listened on: ${error.code}`;
        reject(new Error(`address ${host}:${port} ${reason}`));
      });
      this.#server.listen(port, host, () => {
        const address = this.#server.address();
        const actual = typeof address === 'object' && address ? address.port : port;
        resolve(`http://${host.includes(':') ? `[${host}]` : host}:${actual}`);
      });
    });
  }

  /** Takes no more requests, and resolves when those under way are answered. */
  async drain(): Promise<void> {
    this.#draining = true;
    this.#server.close();
    this.#server.closeIdleConnections();
    while (this.#active.size > 0) await Promise.allSettled([...this.#active]);
    this.#server.closeAllConnections();
  }

  /** Leaves clients that will not read the rest of their answers. */
  cut(): void {
    this.#server.closeAllConnections();
  }

  async #handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = new AnswerWriter(message, response, this.#options.facts);
    const leaving = new AbortController();
    response.once('close', () => {
      if (!response.writableFinished) leaving.abort();
    });
    message.on('error', () => undefined);
    try {
      if (this.#draining) {
        response.setHeader('Connection', 'close');
        throw new ClickHouseError('ABORTED', 'The server is shutting down', 236);
      }
      await this.#route(message, response, answer, leaving.signal);
    } catch (error) {
      const failure = fromEngine(error);
      if (failure.codeName === 'UNKNOWN_EXCEPTION') this.#options.log.error({ err: error }, 'request failed');
      await answer.fail(failure);
    }
    await discardRest(message, DISCARD_MILLIS);
  }

  async #route(message: IncomingMessage, response: ServerResponse, answer: AnswerWriter, gone: AbortSignal) {
    const [path = '/'] = (message.url ?? '/').split('?', 1);
    const hasQuery = /[?&]query=/.test(message.url ?? '');
    const reads = message.method === 'GET' || message.method === 'HEAD';
    if (reads && (path === '/ping' || path === '/replicas_status' || (path === '/' && !hasQuery))) {
      response.setHeader('Content-Type', 'text/html; charset=UTF-8');
      response.end('Ok.\n');
      return;
    }
    if (path !== '/' && path !== '/query') {
      response.statusCode = 404;
      response.end(
        `There is no handle ${path}\n\nUse / or /ping for health checks.\nSend queries from your program with POST method or GET /?query=...\n`,
      );
      return;
    }
    if (!reads && message.method !== 'POST' && message.method !== 'PUT') {
      response.statusCode = 405;
      response.end('Use GET or POST\n');
      return;
    }
    const inUrl = readUrlParameters(message.url ?? '/');
    authenticate(message.headers, inUrl, this.#options.password);
    const body = readBody(message, { maxBytes: this.#options.maxBodyBytes, idleMillis: BODY_IDLE_MILLIS });
    try {
      const inForm = isForm(message) ? await readForm(message, body) : [];
      const request = readStatementRequest(message, new Map([...inUrl, ...inForm]));
      answer.describe(request.queryId, request.compress);
      const statement = await readStatement(request.urlQuery, body);
      await this.#options.runner.run(request, statement, answer, gone);
    } finally {
      await body.return(undefined);
    }
  }
}
