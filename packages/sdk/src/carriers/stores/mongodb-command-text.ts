/**
 * A MongoDB command as it is recorded: JSON with its name, its collection and the names of fields and operators, and `?`
 * for each value. With `keepsValues` values stay, but for those that may be secrets: all of commands that authenticate or
 * make users, and fields whose names sound so.
 */
export const mongoCommandText = (command: Readonly<Record<string, unknown>>, keepsValues = false): string => {
  const name = commandNameOf(command);
  const isSecret = SECRET_COMMANDS.has(name.toLowerCase());
  const recorder = { keepsValues, left: MAX_VALUES };
  const recorded: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(command)) {
    if (OF_THE_DRIVER.has(key)) continue;
    const isTarget = key === name ? NAMES_TARGET.has(name) : name === 'getMore' && key === 'collection';
    if (isTarget && typeof value === 'string') recorded[key] = value;
    else recorded[key] = isSecret ? '?' : recordedValue(value, key, recorder);
  }
  const text = JSON.stringify(recorded);
  return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH)}…`;
};

/** Its first key. */
export const commandNameOf = (command: Readonly<Record<string, unknown>>): string => {
  for (const key in command) return key;
  return '';
};

const MAX_VALUES = 256;
const MAX_LENGTH = 8192;

const SECRET_COMMANDS = new Set(
  'authenticate copydb copydbgetnonce copydbsaslstart createuser getnonce hello ismaster logout saslcontinue saslstart updateuser'.split(
    ' ',
  ),
);
/** Their first value is a collection's name, a user's or a role's. */
const NAMES_TARGET = new Set(
  (
    'aggregate collMod collStats compact convertToCapped count create createIndexes delete distinct drop dropIndexes ' +
    'find findAndModify insert listIndexes mapReduce reIndex update validate createRole createUser dropRole dropUser ' +
    'grantPrivilegesToRole grantRolesToRole grantRolesToUser revokePrivilegesFromRole revokeRolesFromRole ' +
    'revokeRolesFromUser updateRole updateUser'
  ).split(' '),
);
const OF_THE_DRIVER = new Set(['$clusterTime', '$db', '$readPreference', 'comment', 'lsid', 'txnNumber']);
const SOUNDS_SECRET = /passw|passphrase|pwd|secret|token|credential|(?:api|access|private)_?key/i;

interface Recorder {
  readonly keepsValues: boolean;
  left: number;
}

const recordedValue = (value: unknown, key: string, recorder: Recorder): unknown => {
  if (--recorder.left < 0) return '…';
  if (Array.isArray(value)) {
    const shown = value
      .slice(0, Math.max(0, recorder.left))
      .map((each) => recordedValue(each, key, recorder));
    return shown.length < value.length ? [...shown, '…'] : shown;
  }
  if (isDocument(value)) {
    const entries = value instanceof Map ? [...value] : Object.entries(value);
    return Object.fromEntries(
      entries.map(([name, each]) => [name, recordedValue(each, String(name), recorder)]),
    );
  }
  if (!recorder.keepsValues || SOUNDS_SECRET.test(key)) return '?';
  return typeof value === 'bigint' ? `${value}` : value;
};

/** What is no value of BSON's own: an object id is a value, not a document. */
const isDocument = (value: unknown): value is object =>
  typeof value === 'object' &&
  value !== null &&
  !('_bsontype' in value) &&
  (value instanceof Map ||
    Object.getPrototypeOf(value) === Object.prototype ||
    Object.getPrototypeOf(value) === null);
