import { readdirSync, readFileSync } from 'node:fs';
import type { ClickHouseClient } from '@clickhouse/client';
import { StoreError } from './store-error.ts';

/** One numbered file of `schema/`. Never edited after release. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly statements: readonly string[];
}

const SCHEMA_DIRECTORY = new URL('../schema/', import.meta.url);
const MIGRATION_FILE = /^(\d{3})_([a-z0-9_]+)\.sql$/;

export const readMigrations = (): readonly Migration[] =>
  readdirSync(SCHEMA_DIRECTORY)
    .sort()
    .map((file, index) => {
      const [, number, name] = MIGRATION_FILE.exec(file) ?? [];
      const version = Number(number);
      if (name === undefined || version !== index + 1) {
        throw new StoreError('schema_mismatch', `schema/${file}: expected ${index + 1} as NNN_name.sql`);
      }
      return {
        version,
        name,
        statements: statementsOf(readFileSync(new URL(file, SCHEMA_DIRECTORY), 'utf8')),
      };
    });

/** Schema files hold no semicolon inside a statement. */
const statementsOf = (sql: string): readonly string[] =>
  sql
    .replace(/^--.*$/gm, '')
    .split(';')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');

const CREATE_MIGRATIONS_TABLE = `
CREATE TABLE IF NOT EXISTS schema_migrations
(
    Version UInt32,
    Name String,
    AppliedAt DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = MergeTree
ORDER BY Version
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`;

/**
 * Brings the database to this version's schema. Every object is created `IF NOT EXISTS`, so that a migration that was
 * cut off, or that two services start at the same time, can run again.
 *
 * @throws StoreError `schema_mismatch` where the database is newer than this program.
 */
export const migrate = async (client: ClickHouseClient): Promise<void> => {
  await client.command({ query: CREATE_MIGRATIONS_TABLE });
  const result = await client.query({
    query: 'SELECT DISTINCT Version FROM schema_migrations ORDER BY Version',
    format: 'JSONEachRow',
  });
  const applied = new Set((await result.json<{ Version: number }>()).map((row) => row.Version));
  const migrations = readMigrations();
  const newest = Math.max(0, ...applied);
  const known = migrations.at(-1)?.version ?? 0;
  if (newest > known) {
    throw new StoreError(
      'schema_mismatch',
      `the database has schema ${newest}, this program knows up to ${known}: start a newer version`,
    );
  }
  for (const { version, name, statements } of migrations) {
    if (applied.has(version)) continue;
    for (const statement of statements) await client.command({ query: ifNotExists(statement) });
    await client.insert({
      table: 'schema_migrations',
      values: [{ Version: version, Name: name }],
      columns: ['Version', 'Name'],
      format: 'JSONEachRow',
    });
  }
};

const ifNotExists = (statement: string): string =>
  statement.replace(/^CREATE (TABLE|MATERIALIZED VIEW|VIEW) (?!IF NOT EXISTS)/, 'CREATE $1 IF NOT EXISTS ');
