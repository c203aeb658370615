import { readFileSync } from 'node:fs';

const statusOf = (pid: number, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) *
  1024;

/** Linux: what a process has in memory. */
export const residentBytesOf = (pid: number): number => statusOf(pid, 'VmRSS');

/** Linux: the most that it ever had. */
export const peakResidentBytesOf = (pid: number): number => statusOf(pid, 'VmHWM');
