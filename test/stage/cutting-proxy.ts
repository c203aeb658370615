import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { takeDown } from './take-down.ts';

/** What happens to requests that insert rows of ours. Everything else passes. */
export type Mischief =
  | 'none'
  /** The store gets the whole request; the connection is cut before a byte of the answer comes back. */
  | 'cut before the answer'
  /** The connection is cut while the request is on its way: the store gets the first half of its bytes. */
  | 'cut inside the request'
  /** The request is kept back, whole, until it is let go, also when its sender has gone meanwhile. */
  | 'hold the request';

/** A TCP proxy in front of ClickHouse that does harm on the wire. */
export interface CuttingProxy {
  readonly url: string;
  mischief: Mischief;
  /** Milliseconds by which answers are late. */
  answerDelayMillis: number;
  /** Of what is sent to the store, so much is passed on in a second, on each connection. */
  bytesPerSecond: number;
  /** Connections that were cut. */
  readonly cuts: number;
  /** Requests that are held, each with its last byte. */
  readonly held: number;
  /** Sends on what is held, and resolves with the status lines of the answers. */
  letGo(): Promise<readonly string[]>;
}

const STEP_MILLIS = 100;

/** The statement is in the first line of the request; the rows follow in chunks. */
const INSERTS_ROWS = /^POST \/?[^ ]*INSERT[+%20]+INTO[+%20]+(?:otel_traces|runs)\b/;
const LAST_CHUNK = '0\r\n\r\n';

interface Held {
  bytes: Buffer;
}

export const startCuttingProxy = async (storeUrl: string): Promise<CuttingProxy> => {
  const { hostname, port } = new URL(storeUrl);
  const sockets = new Set<Socket>();
  const held: Held[] = [];
  const state = {
    mischief: 'none' as Mischief,
    answerDelayMillis: 0,
    bytesPerSecond: Number.POSITIVE_INFINITY,
    cuts: 0,
  };

  const carry = (client: Socket): void => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.on('error', () => {});
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    }
    let cutAnswer = false;
    let holding: Held | undefined;
    const cut = (): void => {
      state.cuts++;
      client.resetAndDestroy();
      upstream.end();
    };
    const passOn = async (bytes: Buffer): Promise<void> => {
      client.pause();
      for (let rest = bytes; rest.length > 0 && !upstream.destroyed; ) {
        const step = Math.min(rest.length, (state.bytesPerSecond * STEP_MILLIS) / 1_000);
        upstream.write(rest.subarray(0, step));
        rest = rest.subarray(step);
        if (rest.length > 0) await pause(STEP_MILLIS);
      }
      client.resume();
    };
    client.on('data', (bytes: Buffer) => {
      if (holding !== undefined) {
        holding.bytes = Buffer.concat([holding.bytes, bytes]);
        return;
      }
      if (!INSERTS_ROWS.test(bytes.toString('latin1'))) {
        void passOn(bytes);
        return;
      }
      switch (state.mischief) {
        case 'none':
          void passOn(bytes);
          return;
        case 'cut before the answer':
          cutAnswer = true;
          upstream.write(bytes);
          return;
        case 'cut inside the request':
          upstream.write(bytes.subarray(0, bytes.length / 2));
          cut();
          return;
        case 'hold the request':
          holding = { bytes };
          held.push(holding);
      }
    });
    upstream.on('data', (bytes: Buffer) => {
      if (cutAnswer) {
        cut();
        return;
      }
      const late = state.answerDelayMillis;
      if (late === 0) client.write(bytes);
      else void pause(late).then(() => client.write(bytes));
    });
    client.on('close', () => holding === undefined && upstream.end());
    upstream.on('close', () => client.end());
  };

  const server: Server = createServer(carry);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  takeDown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address() as { readonly port: number };

  return {
    url: `http://127.0.0.1:${address.port}`,
    get mischief() {
      return state.mischief;
    },
    set mischief(mischief) {
      state.mischief = mischief;
    },
    get answerDelayMillis() {
      return state.answerDelayMillis;
    },
    set answerDelayMillis(millis) {
      state.answerDelayMillis = millis;
    },
    get bytesPerSecond() {
      return state.bytesPerSecond;
    },
    set bytesPerSecond(bytes) {
      state.bytesPerSecond = bytes;
    },
    get cuts() {
      return state.cuts;
    },
    get held() {
      return held.filter(({ bytes }) => bytes.subarray(-LAST_CHUNK.length).toString('latin1') === LAST_CHUNK)
        .length;
    },
    letGo: () => Promise.all(held.splice(0).map(({ bytes }) => sendOn(bytes, Number(port), hostname))),
  };
};

/** Sends a request that was held, and reads the first line of its answer. */
const sendOn = (bytes: Buffer, port: number, hostname: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, hostname, () => socket.write(bytes));
    let answer = '';
    socket.on('error', reject);
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
      const [line, rest] = answer.split('\r\n', 2);
      if (rest === undefined) return;
      socket.destroy();
      resolve(line!);
    });
  });
