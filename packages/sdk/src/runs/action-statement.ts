import { type SqlDialect, statementText, statementWithValues } from '@whence/model';
import { installed } from '../startup/installed.ts';

/** The databases that speak SQL, by OpenTelemetry's names (`db.system.name`) and their rules for literals. */
const DIALECTS: ReadonlyMap<string, SqlDialect> = new Map([
  ['postgresql', 'postgresql'],
  ['cockroachdb', 'postgresql'],
  ['aws.redshift', 'postgresql'],
  ['mysql', 'mysql'],
  ['mariadb', 'mysql'],
  ['microsoft.sql_server', 'unknown'],
  ['oracle.db', 'unknown'],
  ['sqlite', 'unknown'],
  ['clickhouse', 'unknown'],
  ['trino', 'unknown'],
  ['other_sql', 'unknown'],
]);

/** SQL without its literals, unless they are asked for; any other statement as it is. */
export const actionStatement = (statement: string, system: string | undefined): string => {
  const dialect = system === undefined ? undefined : DIALECTS.get(system);
  if (dialect === undefined) return statement;
  return installed()?.config.statementValues === true
    ? statementWithValues(statement, dialect)
    : statementText(statement, dialect);
};
