/**
 * A Redis command as it is recorded: its name, subcommand and keys, with `?` for all else. Of keys (`accounts:42`,
 * `session:<token>`) only what reads as a name stays: `accounts:?`. With `keepsValues` all of it stays, but for commands
 * whose arguments may be secrets. Scripts stay: they are code.
 */
export const redisCommandText = (name: string, args: readonly unknown[], keepsValues = false): string => {
  const command = textOf(name).toUpperCase();
  const shown = args.slice(0, MAX_ARGUMENTS).map((argument, at) => {
    if (at === 0 && HAS_SUBCOMMAND.has(command)) return nameOnly(argument);
    if (at === 0 && IS_SCRIPT.test(command)) return textOf(argument);
    if (SECRET.has(command)) return '?';
    if (keepsValues) return textOf(argument);
    return isKey(command, at, args) ? keyText(argument) : '?';
  });
  const rest = args.length - shown.length;
  const text = [command, ...shown, ...(rest > 0 ? [`… ${rest} more`] : [])].join(' ');
  return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH)}…`;
};

const MAX_ARGUMENTS = 32;
const MAX_LENGTH = 4096;

/** Their arguments may be passwords, or settings that are. */
const SECRET = new Set([
  'AUTH',
  'HELLO',
  'ACL',
  'CONFIG',
  'MIGRATE',
  'SENTINEL',
  'REPLCONF',
  'CLIENT',
  'MODULE',
]);
const HAS_SUBCOMMAND = new Set(
  'ACL CLIENT CLUSTER COMMAND CONFIG FUNCTION LATENCY MEMORY MODULE OBJECT PUBSUB SCRIPT SENTINEL SLOWLOG XGROUP XINFO'.split(
    ' ',
  ),
);
const NO_KEYS = new Set(
  'ACL AUTH CLIENT CLUSTER COMMAND CONFIG ECHO FUNCTION HELLO INFO LATENCY MODULE PING PUBSUB SCRIPT SELECT SENTINEL SLOWLOG'.split(
    ' ',
  ),
);
const ALL_KEYS = new Set(
  'DEL EXISTS MGET PFCOUNT PFMERGE PSUBSCRIBE PUNSUBSCRIBE RENAME RENAMENX SDIFF SDIFFSTORE SINTER SINTERSTORE SSUBSCRIBE SUBSCRIBE SUNION SUNIONSTORE TOUCH UNLINK UNSUBSCRIBE WATCH'.split(
    ' ',
  ),
);
const EVERY_SECOND_KEY = new Set(['MSET', 'MSETNX']);
const SECOND_IS_KEY = new Set(['MEMORY', 'OBJECT', 'XGROUP', 'XINFO', 'COPY', 'LMOVE', 'RPOPLPUSH', 'SMOVE']);
const IS_SCRIPT = /^(EVAL|EVAL_RO)$/;
const HAS_NUMBER_OF_KEYS = /^(EVAL|EVAL_RO|EVALSHA|EVALSHA_RO|FCALL|FCALL_RO)$/;

const isKey = (command: string, at: number, args: readonly unknown[]): boolean => {
  if (NO_KEYS.has(command)) return false;
  if (ALL_KEYS.has(command)) return true;
  if (EVERY_SECOND_KEY.has(command)) return at % 2 === 0;
  if (HAS_NUMBER_OF_KEYS.test(command)) return at >= 2 && at < 2 + Number(textOf(args[1]));
  return at === 0 || (at === 1 && SECOND_IS_KEY.has(command));
};

const textOf = (argument: unknown): string => {
  if (typeof argument === 'string') return argument;
  if (Buffer.isBuffer(argument)) return argument.toString('utf8');
  return typeof argument === 'object' || typeof argument === 'symbol' ? '?' : `${argument}`;
};

const keyText = (argument: unknown): string =>
  textOf(argument)
    .split(':')
    .map((part) => (READS_AS_NAME.test(part) ? part : '?'))
    .join(':');

const nameOnly = (argument: unknown): string => {
  const text = textOf(argument);
  return READS_AS_NAME.test(text) ? text : '?';
};

/** Braces are what a cluster hashes. */
const READS_AS_NAME = /^[{]?[A-Za-z_.-]{1,24}[}*]?$/;
