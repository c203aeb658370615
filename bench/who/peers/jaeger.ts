import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Child, startProgram } from '../../stage/child-process.ts';
import { eventually } from '../../stage/eventually.ts';
import { freePort } from '../../stage/free-port.ts';

/** Jaeger 2 itself, on the tables that `JAEGER_SCHEMA` filled. */
export interface Jaeger {
  readonly child: Child;
  readonly url: string;
}

/** @returns why it cannot be run, if it cannot */
export const absenceOfJaeger = (peers: string | undefined): string | undefined => {
  if (peers === undefined) return 'not asked for: name the directory of peers with --peers';
  try {
    accessSync(join(peers, 'jaeger'), constants.X_OK);
    return undefined;
  } catch {
    return `there is no program jaeger in ${peers}: see README.md for how to build it`;
  }
};

export const startJaeger = async (peers: string, storeUrl: string, database: string): Promise<Jaeger> => {
  const port = await freePort();
  const config = fileURLToPath(new URL('./jaeger.yaml', import.meta.url));
  const child = startProgram(join(peers, 'jaeger'), ['--config', config], {
    QUERY_PORT: String(port),
    QUERY_GRPC_PORT: String(await freePort()),
    OTLP_PORT: String(await freePort()),
    CLICKHOUSE_PORT: new URL(storeUrl).port,
    DATABASE: database,
  });
  const url = `http://127.0.0.1:${port}`;
  const ended = child.ended.then(() => {
    throw new Error(`jaeger ended before it was ready: ${child.printed()}`);
  });
  const answers = async (): Promise<boolean> =>
    fetch(`${url}/api/v3/services`).then(
      (response) => response.ok,
      () => false,
    );
  await Promise.race([eventually('Jaeger to answer', answers, 30_000, 100), ended]);
  return { child, url };
};
