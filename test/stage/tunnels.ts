import { createServer as createHttpServer, request as httpRequest } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { takeDown } from './take-down.ts';

const listening = async (server: Server): Promise<number> => {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  takeDown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
};

const join = (one: Socket, other: Socket): void => {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.on('error', () => {});
    from.on('close', () => to.destroy());
    from.pipe(to);
  }
};

/** Ends TLS in front of a store. */
export interface TlsFront {
  readonly port: number;
  /** All that clients sent, as text. */
  received(): string;
}

export const startTlsFront = async (storeUrl: string, options: TlsOptions): Promise<TlsFront> => {
  const { hostname, port } = new URL(storeUrl);
  let received = '';
  const server = createTlsServer(options, (client) => {
    client.on('data', (bytes: Buffer) => (received += bytes.toString('latin1')));
    join(client, connect(Number(port), hostname));
  });
  server.on('tlsClientError', () => {});
  return { port: await listening(server), received: () => received };
};

/** An HTTP proxy that knows one host: whatever is asked for lies behind it. */
export interface ForwardProxy {
  readonly url: string;
  /** `CONNECT host:port`, `POST http://host/`. */
  readonly asked: readonly string[];
}

export const startForwardProxy = async (targetPort: number): Promise<ForwardProxy> => {
  const asked: string[] = [];
  const server = createHttpServer((request, response) => {
    asked.push(`${request.method} ${request.url?.split('?', 1)[0]}`);
    const { pathname, search } = new URL(request.url!);
    const { method, headers } = request;
    const onward = httpRequest({ port: targetPort, path: pathname + search, method, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  server.on('connect', (request, client: Socket) => {
    asked.push(`CONNECT ${request.url}`);
    const upstream = connect(targetPort, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      join(client, upstream);
    });
  });
  return { url: `http://127.0.0.1:${await listening(server)}`, asked };
};

/** A port on which connections are taken and cut at once. */
export const startCuttingPort = async (): Promise<number> =>
  listening(createServer((socket) => socket.destroy()));
