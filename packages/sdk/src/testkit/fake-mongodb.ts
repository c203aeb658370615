import { type AddressInfo, createServer, type Socket } from 'node:net';
import { BSON } from 'mongodb';

const { deserialize, serialize } = BSON;

type Document = Record<string, unknown>;

/**
 * MongoDB at the wire (OP_MSG, and OP_QUERY for the handshake), for where there is none: it notes each command as it came
 * and answers as a standalone server with one collection would. It finds every document, whatever is asked for.
 */
export interface FakeMongoDb {
  readonly url: string;
  readonly commands: Document[];
  /** How it answers; a test may change it. */
  readonly behaviour: { refusesComments: boolean };
  stop(): Promise<void>;
}

export const startFakeMongoDb = async (): Promise<FakeMongoDb> => {
  const commands: Document[] = [];
  const behaviour = { refusesComments: false };
  const documents: Document[] = [];
  let unread: Document[] = [];

  const cursor = (batch: 'firstBatch' | 'nextBatch', size: unknown): Document => {
    const wanted = typeof size === 'number' && size > 0 ? size : unread.length;
    const found = unread.slice(0, wanted);
    unread = unread.slice(wanted);
    return { cursor: { id: BigInt(unread.length > 0 ? 7 : 0), ns: 'bank.accounts', [batch]: found }, ok: 1 };
  };

  const answers: Record<string, (command: Document) => Document> = {
    insert: ({ documents: inserted }) => {
      const given = inserted as Document[];
      if (given.some(({ _id }) => documents.some((each) => String(each['_id']) === String(_id)))) {
        return {
          n: 0,
          ok: 1,
          writeErrors: [
            {
              index: 0,
              code: 11000,
              errmsg: `E11000 duplicate key error dup key: { _id: "${given[0]!['_id']}" }`,
            },
          ],
        };
      }
      documents.push(...given);
      return { n: given.length, ok: 1 };
    },
    find: ({ batchSize }) => {
      unread = [...documents];
      return cursor('firstBatch', batchSize);
    },
    aggregate: () => {
      unread = [...documents];
      return cursor('firstBatch', 0);
    },
    getMore: ({ batchSize }) => cursor('nextBatch', batchSize),
    update: () => ({ n: 1, nModified: 1, ok: 1 }),
    delete: () => ({ n: 1, ok: 1 }),
    findAndModify: () => ({ value: documents[0] ?? null, ok: 1 }),
    distinct: () => ({ values: [], ok: 1 }),
    count: () => ({ n: documents.length, ok: 1 }),
  };

  const answerTo = (command: Document): Document => {
    const name = Object.keys(command)[0]!;
    if (name === 'hello' || name.toLowerCase() === 'ismaster') {
      return {
        ismaster: true,
        isWritablePrimary: true,
        helloOk: true,
        minWireVersion: 0,
        maxWireVersion: 21,
        maxBsonObjectSize: 16_777_216,
        maxMessageSizeBytes: 48_000_000,
        maxWriteBatchSize: 100_000,
        ok: 1,
      };
    }
    commands.push(command);
    if (behaviour.refusesComments && command['comment'] !== undefined) {
      const errmsg = `BSON field '${name}.comment' is an unknown field.`;
      return { ok: 0, code: 40415, codeName: 'Location40415', errmsg };
    }
    return answers[name]?.(command) ?? { ok: 1 };
  };

  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let held: Buffer = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      held = Buffer.concat([held, chunk]);
      while (held.length >= 4 && held.length >= held.readInt32LE(0)) {
        const message = held.subarray(0, held.readInt32LE(0));
        held = held.subarray(message.length);
        socket.write(reply(message, answerTo));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `mongodb://127.0.0.1:${(server.address() as AddressInfo).port}/bank`,
    commands,
    behaviour,
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
};

const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;

const reply = (message: Buffer, answerTo: (command: Document) => Document): Buffer => {
  const requestId = message.readInt32LE(4);
  if (message.readInt32LE(12) === OP_QUERY) {
    const query = message.indexOf(0, 20) + 1 + 8;
    const fields = Buffer.alloc(20);
    fields.writeInt32LE(1, 16);
    return framed(requestId, OP_REPLY, [fields, serialize(answerTo(deserialize(message.subarray(query))))]);
  }
  const body = Buffer.from(serialize(answerTo(commandIn(message))));
  return framed(requestId, OP_MSG, [Buffer.alloc(5), body]);
};

/** A command may have a list of its documents in a section of its own. */
const commandIn = (message: Buffer): Document => {
  let command: Document = {};
  let at = 20;
  while (at < message.length) {
    const kind = message[at]!;
    const size = message.readInt32LE(at + 1);
    const section = message.subarray(at + 1, at + 1 + size);
    at += 1 + size;
    if (kind === 0) command = { ...deserialize(section, { promoteLongs: false }), ...command };
    else {
      const nameEnd = section.indexOf(0, 4);
      const list: Document[] = [];
      for (let i = nameEnd + 1; i < section.length; i += section.readInt32LE(i)) {
        list.push(deserialize(section.subarray(i, i + section.readInt32LE(i))));
      }
      command = { ...command, [section.toString('utf8', 4, nameEnd)]: list };
    }
  }
  return command;
};

const framed = (responseTo: number, opcode: number, parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts);
  const header = Buffer.alloc(16);
  header.writeInt32LE(16 + body.length, 0);
  header.writeInt32LE(1, 4);
  header.writeInt32LE(responseTo, 8);
  header.writeInt32LE(opcode, 12);
  return Buffer.concat([header, body]);
};
