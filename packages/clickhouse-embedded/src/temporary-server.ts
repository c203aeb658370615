import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedClickHouse, type EmbeddedOptions, startEmbedded } from './index.ts';

/** What a raw request was answered with. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  readonly text: string;
}

export interface Ask {
  readonly url?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
}

/** A server process on a directory of its own, both gone after `remove`. For tests. */
export interface TemporaryServer {
  readonly dataDir: string;
  readonly url: string;
  readonly process: EmbeddedClickHouse;
  /** Posts a statement, alone or with data, and reads all of the answer. */
  ask(body: string | Uint8Array, options?: Ask): Promise<Reply>;
  remove(): Promise<void>;
}

export async function openTemporaryServer(options: Partial<EmbeddedOptions> = {}): Promise<TemporaryServer> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'clickhouse-embedded-'));
  const process = await startEmbedded({ ...options, dataDir });
  return {
    dataDir,
    url: process.url,
    process,
    ask: (body, options) => ask(process.url, body, options),
    remove: async () => {
      await process.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function ask(url: string, body: string | Uint8Array, options: Ask = {}): Promise<Reply> {
  const { method = 'POST', headers = {} } = options;
  const response = await fetch(`${url}/?${new URLSearchParams(options.url)}`, {
    method,
    headers,
    ...(method === 'GET' ? {} : { body: body as string }),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, bytes, text: bytes.toString() };
}
