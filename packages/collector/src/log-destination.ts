import { type DestinationStream, pino } from 'pino';

/** What waits for a reader that does not read. */
const WAITING_MAX_BYTES = 1 << 20;

/**
 * Standard output, for a logger. Whoever reads it may be slow, stop, or go away: the process goes on. Lines beyond what
 * may wait are dropped, and how many, the log says when it is read again.
 */
export const logDestination = (): DestinationStream => {
  const stream = pino.destination({ dest: 1, sync: false, maxLength: WAITING_MAX_BYTES });
  let dropped = 0;
  stream.on('drop', () => dropped++);
  stream.on('drain', () => {
    if (dropped === 0) return;
    const line = { level: 40, time: Date.now(), pid: process.pid, name: 'collector', dropped };
    dropped = 0;
    stream.write(`${JSON.stringify({ ...line, msg: 'lines of this log were dropped: nobody read them' })}\n`);
  });
  return stream;
};
