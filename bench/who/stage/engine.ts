/** Statements to an engine over its HTTP interface, on a database. */
export class Engine {
  readonly url: string;
  readonly database: string;

  constructor(url: string, database: string) {
    this.url = url;
    this.database = database;
  }

  /** @returns the answer's text. @throws Error with the engine's own words */
  async run(sql: string, settings: Readonly<Record<string, string | number>> = {}): Promise<string> {
    return this.post(sql, settings, undefined);
  }

  async rows<Row>(sql: string): Promise<readonly Row[]> {
    const text = await this.run(`${sql} FORMAT JSONEachRow`);
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Row);
  }

  async insert(table: string, lines: string, format: 'TSV' | 'JSONEachRow'): Promise<void> {
    await this.post(lines, {}, `INSERT INTO ${table} FORMAT ${format}`);
  }

  private async post(
    body: string,
    settings: Readonly<Record<string, string | number>>,
    statement: string | undefined,
  ): Promise<string> {
    const query = new URLSearchParams({ database: this.database });
    for (const [name, value] of Object.entries(settings)) query.set(name, String(value));
    if (statement !== undefined) query.set('query', statement);
    const response = await fetch(`${this.url}/?${query}`, { method: 'POST', body });
    const text = await response.text();
    if (!response.ok) throw new Error(`${text.trim()}\nwhile running: ${(statement ?? body).slice(0, 400)}`);
    return text;
  }
}
