import { cpus, loadavg, release, totalmem } from 'node:os';

/** What the figures were taken on. Load averages of one, five and fifteen minutes: who else was at work. */
export const machine = () => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryBytes: totalmem(),
  system: `${process.platform} ${release()} ${process.arch}`,
  node: process.versions.node,
  loadAverage: loadavg().map((value) => Number(value.toFixed(2))),
});

export const machineLine = (): string => {
  const { cpu, cores, system, node, loadAverage } = machine();
  return `machine: ${cpu}, ${cores} cores, ${system}, Node ${node}, load average ${loadAverage.join(' ')}`;
};
