import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface Got {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** A receiver of webhooks. For tests. */
export interface Receiver {
  readonly url: string;
  readonly got: Got[];
  /** What it does with the next ones; the last for all that follow. */
  answer(...answers: readonly ((response: ServerResponse) => void)[]): void;
  close(): Promise<void>;
}

export const status =
  (code: number, headers: Readonly<Record<string, string>> = {}) =>
  (response: ServerResponse): void => {
    response.writeHead(code, headers).end();
  };

/** Takes the request and says nothing. */
export const nothing = (): void => {};

export const startReceiver = async (port = 0): Promise<Receiver> => {
  const got: Got[] = [];
  let answers: ((response: ServerResponse) => void)[] = [status(200)];
  const server = createServer(async (request, response) => {
    const text = (await buffer(request)).toString();
    got.push({ headers: request.headers, text });
    const answer = answers.length > 1 ? answers.shift()! : answers[0]!;
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    got,
    answer: (...some) => {
      answers = [...some];
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};

/** As a receiver checks it. */
export const isSigned = ({ headers, text }: Got, secret: string): boolean => {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${text}`;
  const expected = createHmac('sha256', key).update(content).digest();
  const isRecent = Math.abs(Date.now() / 1000 - Number(headers['webhook-timestamp'])) < 300;
  return (
    isRecent &&
    String(headers['webhook-signature'])
      .split(' ')
      .map((signature) => Buffer.from(signature.replace('v1,', ''), 'base64'))
      .some((signature) => signature.length === expected.length && timingSafeEqual(signature, expected))
  );
};
