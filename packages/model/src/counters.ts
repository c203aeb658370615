/** Running counts of one process, by name and label, rendered for Prometheus. */
export class Counters {
  private readonly counts = new Map<string, number>();
  private readonly help = new Map<string, string>();

  /** Declares a family, so that it shows before its first count. */
  declare(name: string, help: string): void {
    this.help.set(name, help);
  }

  add(name: string, count: number, labels = ''): void {
    const key = labels === '' ? name : `${name}{${labels}}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + count);
  }

  /** Text exposition format 0.0.4; `gauges` are values of this moment, series of one name together. */
  render(gauges: Readonly<Record<string, number>>): string {
    const lines: string[] = [];
    for (const [name, help] of this.help) {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} counter`);
      const series = [...this.counts].filter(([key]) => key === name || key.startsWith(`${name}{`));
      if (series.length === 0) lines.push(`${name} 0`);
      for (const [key, count] of series) lines.push(`${key} ${count}`);
    }
    const typed = new Set<string>();
    for (const [series, value] of Object.entries(gauges)) {
      const name = series.split('{', 1)[0]!;
      if (!typed.has(name)) lines.push(`# TYPE ${name} gauge`);
      typed.add(name);
      lines.push(`${series} ${value}`);
    }
    return `${lines.join('\n')}\n`;
  }
}
