import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

interface Entry {
  readonly pid: number;
  readonly parent: number;
}

/** The processes that run. One that has ended runs no more, even where nobody has asked yet how it ended. */
export const isRunning = (pid: number): boolean => processTable().some((entry) => entry.pid === pid);

/** Those below another, whatever group they are in. */
export const processesBelow = (pid: number): number[] => {
  const table = processTable();
  const below = (parent: number): number[] =>
    table.filter((entry) => entry.parent === parent).flatMap((entry) => [entry.pid, ...below(entry.pid)]);
  return below(pid);
};

const processTable = (): Entry[] =>
  (existsSync('/proc/self/stat') ? linuxRows() : psRows())
    .filter(([, state]) => state !== undefined && !state.startsWith('Z'))
    .map(([pid, , parent]) => ({ pid: Number(pid), parent: Number(parent) }));

/** proc_pid_stat(5): `pid (name) state parent …`, the name with any characters. */
const linuxRows = (): string[][] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => [pid, ...statOf(pid).split(' ')]);

const statOf = (pid: string): string => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2);
  } catch {
    // It ended in between.
    return 'Z';
  }
};

const psRows = (): string[][] =>
  execFileSync('ps', ['-axo', 'pid=,stat=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((row) => row.trim().split(/\s+/));
