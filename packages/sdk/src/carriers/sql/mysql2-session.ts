import type { EventEmitter } from 'node:events';
import { REFERENCE_KEY } from '@whence/model';

/** What is used of mysql2's connections here. */
export interface Connection {
  readonly config?: { readonly clientFlags?: number };
  /** Undefined until the handshake. */
  readonly serverCapabilityFlags?: number;
  addCommand?(command: Command): unknown;
  readonly constructor: {
    createQuery?(sql: string, values: undefined, done: (error: unknown) => void, config: unknown): Command;
  };
}

interface Command extends EventEmitter {
  start?(packet: unknown, connection: Connection): unknown;
}

/**
 * The carrier of prepared statements where the server takes no query attributes (MariaDB): the session's variable
 * `@whence_tracestate`, set in order before the statement whenever its last value is another one, NULL outside of runs.
 * Variables are no part of transactions. A statement that carries a comment is spoken for by that.
 *
 * `hasAttributes` says whether the statement takes those instead. Once a connection has the variable, every statement on it is looked at, so that none finds another run's there. Whether it has to
 * be set is decided when its turn comes, not when it is queued.
 */
export const setSessionReference = (
  connection: Connection,
  reference: string | undefined,
  isPrepared: boolean,
  hasAttributes: (connection: Connection) => boolean = takesAttributes,
): void => {
  const session = sessions.get(connection);
  if (session?.refused || (session === undefined && (!isPrepared || reference === undefined))) return;
  if (session === undefined && hasAttributes(connection)) return;
  const value = reference === undefined ? 'NULL' : `'${REFERENCE_KEY}=${reference}'`;
  const state = session ?? { value: 'NULL', refused: false };
  sessions.set(connection, state);
  const done = (error: unknown): void => {
    if (error) state.refused = true;
  };
  const set = connection.constructor.createQuery?.(
    `SET @whence_tracestate=${value}`,
    undefined,
    done,
    connection.config,
  );
  const start = set?.start;
  if (set === undefined || start === undefined) return;
  set.start = function (this: Command, packet, within) {
    if (state.refused || state.value === value) return null;
    if (state.value === 'NULL' && hasAttributes(connection)) return null;
    state.value = value;
    return start.call(this, packet, within);
  };
  connection.addCommand?.(set);
};

interface Session {
  /** As the server has it now. */
  value: string;
  refused: boolean;
}

const sessions = new WeakMap<object, Session>();

/** To be called with the command that resets the session, or makes it another user's. */
export const forgetSessionAfter = (connection: object, command: unknown): void => {
  (command as Partial<EventEmitter> | undefined)?.once?.('end', () => {
    const session = sessions.get(connection);
    if (session !== undefined) session.value = 'NULL';
  });
};

/** MySQL 8.0.23 and later, and a client that offers them: both must have said so. */
export const takesAttributes = ({ config, serverCapabilityFlags = 0 }: Connection): boolean =>
  ((config?.clientFlags ?? 0) & serverCapabilityFlags & CLIENT_QUERY_ATTRIBUTES) !== 0;

const CLIENT_QUERY_ATTRIBUTES = 0x08000000;
