import { type AddressInfo, createServer, type Socket } from 'node:net';

/**
 * MySQL at the wire, as one that takes query attributes (8.0.23 and later), which MariaDB does not: it lets everybody in,
 * prepares every statement and finds nothing. It keeps each command as it came.
 */
export interface FakeMySql {
  readonly port: number;
  /** The first byte is the command's: 3 a text, 22 preparation, 23 execution. */
  readonly commands: Buffer[];
  stop(): Promise<void>;
}

export const startFakeMySql = async (): Promise<FakeMySql> => {
  const commands: Buffer[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.write(framed(0, GREETING));
    let isGreeted = false;
    let held: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      held = Buffer.concat([held, chunk]);
      while (held.length >= 4 && held.length >= 4 + held.readUIntLE(0, 3)) {
        const packet = held.subarray(4, 4 + held.readUIntLE(0, 3));
        const sequence = held[3]! + 1;
        held = held.subarray(4 + packet.length);
        if (isGreeted) commands.push(Buffer.from(packet));
        socket.write(framed(sequence, isGreeted && packet[0] === COM_STMT_PREPARE ? PREPARED : OK));
        isGreeted = true;
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    commands,
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
};

const COM_STMT_PREPARE = 22;

const OK = Buffer.from([0, 0, 0, 2, 0, 0, 0]);
/** Statement 1, without columns and parameters. */
const PREPARED = Buffer.from([0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

/** PROTOCOL_41, CONNECT_WITH_DB, SECURE_CONNECTION, PLUGIN_AUTH, CLIENT_QUERY_ATTRIBUTES. */
const CAPABILITIES = 0x0200 | 0x0008 | 0x8000 | 0x0008_0000 | 0x0800_0000;

const number = (value: number, bytes: number): Buffer => {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntLE(value, 0, bytes);
  return buffer;
};

const GREETING = Buffer.concat([
  Buffer.from('\x0a8.4.0\0'),
  number(1, 4),
  Buffer.from('12345678\0'),
  number(CAPABILITIES & 0xffff, 2),
  Buffer.from([45, 2, 0]),
  number(CAPABILITIES >>> 16, 2),
  Buffer.from([21]),
  Buffer.alloc(10),
  Buffer.from('123456789012\0mysql_native_password\0'),
]);

const framed = (sequence: number, payload: Buffer): Buffer =>
  Buffer.concat([number(payload.length, 3), Buffer.from([sequence & 0xff]), payload]);
