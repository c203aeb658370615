/** Whether an operation changes what it is done to, as far as its verb tells. */
export type Effect = 'changes' | 'reads' | 'unknown';

const CHANGES = new Set([
  ...['INSERT', 'UPDATE', 'DELETE', 'MERGE', 'REPLACE', 'UPSERT', 'TRUNCATE', 'COPY', 'CALL'],
  ...['CREATE', 'ALTER', 'DROP', 'GRANT', 'REVOKE', 'RENAME'],
  ...['POST', 'PUT', 'PATCH'],
  ...[
    'FINDANDMODIFY',
    'INSERTONE',
    'INSERTMANY',
    'UPDATEONE',
    'UPDATEMANY',
    'DELETEONE',
    'DELETEMANY',
    'BULKWRITE',
  ],
  ...[
    'SET',
    'SETEX',
    'DEL',
    'HSET',
    'HDEL',
    'INCR',
    'DECR',
    'EXPIRE',
    'LPUSH',
    'RPUSH',
    'SADD',
    'SREM',
    'ZADD',
    'XADD',
  ],
  ...['SEND', 'PUBLISH', 'EXEC'],
]);

const READS = new Set([
  ...['SELECT', 'SHOW', 'EXPLAIN', 'DESCRIBE', 'GET', 'HEAD', 'OPTIONS', 'MGET', 'HGET', 'HGETALL', 'EXISTS'],
  ...['FIND', 'AGGREGATE', 'COUNT', 'DISTINCT', 'RECEIVE', 'POLL', 'PEEK'],
]);

/** @param operation as conventions have it: `UPDATE`, `findAndModify`, `send`. */
export const effectOf = (operation: string | undefined): Effect => {
  const verb = operation?.toUpperCase() ?? '';
  return CHANGES.has(verb) ? 'changes' : READS.has(verb) ? 'reads' : 'unknown';
};
