import { readdirSync, readFileSync } from 'node:fs';

/** What a process and its descendants have used, all threads, children that ended included. Linux. */
export interface Usage {
  readonly cpuMicros: number;
  /** Resident now. */
  readonly rssBytes: number;
  /** The most that was ever resident: of each process on its own, added up. */
  readonly peakRssBytes: number;
}

/** USER_HZ: 100 on every architecture that Node runs on. */
const MICROS_PER_TICK = 10_000;

/** @throws Error where there is no `/proc`. */
export const usageOf = (pid: number): Usage => {
  const usages = treeOf(pid).map(usageOfOne);
  const sum = (of: (usage: Usage) => number): number => usages.reduce((total, each) => total + of(each), 0);
  return {
    cpuMicros: sum((usage) => usage.cpuMicros),
    rssBytes: sum((usage) => usage.rssBytes),
    peakRssBytes: sum((usage) => usage.peakRssBytes),
  };
};

export const canReadUsage = (): boolean => process.platform === 'linux';

/** Fields of `/proc/PID/stat` from the third on; the second, the name, may hold blanks and brackets. */
const statOf = (pid: number): readonly string[] => {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
};

const usageOfOne = (pid: number): Usage => {
  // proc_pid_stat(5): utime, stime, cutime, cstime are fields 14 to 17.
  const ticks = statOf(pid)
    .slice(11, 15)
    .reduce((total, field) => total + Number(field), 0);
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const kilobytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
  return {
    cpuMicros: ticks * MICROS_PER_TICK,
    rssBytes: kilobytes('VmRSS') * 1024,
    peakRssBytes: kilobytes('VmHWM') * 1024,
  };
};

const treeOf = (root: number): readonly number[] => {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      parents.set(Number(name), Number(statOf(Number(name))[1]));
    } catch {
      // It has ended meanwhile.
    }
  }
  const tree = [root];
  for (let i = 0; i < tree.length; i++) {
    for (const [pid, parent] of parents) if (parent === tree[i]) tree.push(pid);
  }
  return tree;
};
