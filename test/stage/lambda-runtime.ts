import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { takeDown } from './take-down.ts';

/**
 * Two HTTP interfaces of AWS Lambda, for one function: its Runtime API, from which the function's process takes
 * invocations, and `Invoke`, as the AWS SDK calls it.
 */
export interface LambdaRuntime {
  /** `host:port`, for `AWS_LAMBDA_RUNTIME_API`. */
  readonly api: string;
  /** For `AWS_ENDPOINT_URL_LAMBDA`. */
  readonly url: string;
  /** @returns what the handler gave, or threw */
  invoke(event: unknown, invocation?: Invocation): Promise<LambdaAnswer>;
  /** The client context of the last `Invoke`, as it was sent. */
  readonly sent: { clientContext?: string };
}

export interface Invocation {
  /** JSON. */
  readonly clientContext?: string;
  /** @default 10_000 */
  readonly timeoutMillis?: number;
}

/** Lambda's own answer to a function that does not: the process is then to be killed. */
export const TIMED_OUT = { status: 'timed_out' } as const;

export type LambdaAnswer =
  | { readonly status: 'success' | 'failure'; readonly body: string }
  | typeof TIMED_OUT;

interface Waiting extends Invocation {
  readonly id: string;
  readonly event: string;
  readonly timeoutMillis: number;
  answered(answer: LambdaAnswer): void;
}

const FUNCTION_ARN = 'arn:aws:lambda:us-east-1:123456789012:function:far';

/** @param invocations after which the function's process is told to end when it asks for the next */
export const startLambdaRuntime = async (invocations = Number.POSITIVE_INFINITY): Promise<LambdaRuntime> => {
  const waiting: Waiting[] = [];
  const running = new Map<string, Waiting>();
  const asking: ServerResponse[] = [];
  const sent: { clientContext?: string } = {};
  let left = invocations;

  const handOut = (): void => {
    while (asking.length > 0 && waiting.length > 0) {
      const invocation = waiting.shift()!;
      running.set(invocation.id, invocation);
      const timer = setTimeout(() => settle(invocation.id, TIMED_OUT), invocation.timeoutMillis);
      timer.unref();
      asking
        .shift()!
        .writeHead(200, {
          'content-type': 'application/json',
          'lambda-runtime-aws-request-id': invocation.id,
          'lambda-runtime-deadline-ms': `${Date.now() + invocation.timeoutMillis}`,
          'lambda-runtime-invoked-function-arn': FUNCTION_ARN,
          'lambda-runtime-trace-id':
            'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1',
          ...(invocation.clientContext === undefined
            ? {}
            : { 'lambda-runtime-client-context': invocation.clientContext }),
        })
        .end(invocation.event);
    }
    if (left <= 0) for (const response of asking.splice(0)) response.writeHead(410).end();
  };

  const settle = (id: string, answer: LambdaAnswer): void => {
    running.get(id)?.answered(answer);
    if (running.delete(id)) left -= 1;
  };

  const invoke = (event: unknown, { clientContext, timeoutMillis = 10_000 }: Invocation = {}) =>
    new Promise<LambdaAnswer>((answered) => {
      waiting.push({
        id: randomUUID(),
        event: JSON.stringify(event),
        timeoutMillis,
        answered,
        ...(clientContext === undefined ? {} : { clientContext }),
      });
      handOut();
    });

  const routes: readonly [RegExp, (match: RegExpExecArray, call: Call) => unknown][] = [
    [
      /^GET \/2018-06-01\/runtime\/invocation\/next$/,
      (_match, { response }) => {
        asking.push(response);
        handOut();
      },
    ],
    [
      /^POST \/2018-06-01\/runtime\/invocation\/([^/]+)\/(response|error)$/,
      ([, id, kind], { body, response }) => {
        response.writeHead(202).end();
        settle(id!, { status: kind === 'response' ? 'success' : 'failure', body });
      },
    ],
    [
      /^POST \/2015-03-31\/functions\/[^/]+\/invocations$/,
      async (_match, { body, request, response }) => {
        const given = request.headers['x-amz-client-context'] as string | undefined;
        if (given === undefined) delete sent.clientContext;
        else sent.clientContext = given;
        const clientContext = given === undefined ? undefined : Buffer.from(given, 'base64').toString('utf8');
        const answer = await invoke(
          JSON.parse(body || '{}'),
          clientContext === undefined ? {} : { clientContext },
        );
        response
          .writeHead(200, answer.status === 'success' ? {} : { 'x-amz-function-error': 'Unhandled' })
          .end(answer.status === 'timed_out' ? '{}' : answer.body);
      },
    ],
  ];

  const server = createServer(async (request, response) => {
    const body = await textOf(request);
    for (const [pattern, route] of routes) {
      const match = pattern.exec(`${request.method} ${request.url}`);
      if (match !== null) return void route(match, { body, request, response });
    }
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  takeDown(
    () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );
  const api = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    api,
    url: `http://${api}`,
    invoke,
    sent,
  };
};

interface Call {
  readonly body: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

const textOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
};
