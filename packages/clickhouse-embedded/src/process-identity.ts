import { readFileSync } from 'node:fs';

/** A process that another can tell from a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in clock ticks since boot; null where the system has no /proc. */
  readonly startTicks: number | null;
}

export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, startTicks: startTicksOf(process.pid) };
}

/** Whether that very process still runs, and is not this one. */
export function isRunning({ pid, startTicks }: ProcessIdentity): boolean {
  if (pid === process.pid || !signalable(pid)) return false;
  return startTicks === null || startTicksOf(pid) === startTicks;
}

function signalable(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Field 22 of /proc/PID/stat; null for a process that is gone or only waits to be reaped. */
function startTicksOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : Number(fields[19]);
  } catch {
    return null;
  }
}
