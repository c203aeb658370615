import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { Logger } from 'pino';
import { CollectorError } from '../collector-error.ts';

/** PEM files. */
export interface TlsPaths {
  /** The server's certificate, with the chain up to its root. */
  readonly cert: string;
  readonly key: string;
  /** Whose client certificates count; absent: none is asked for. */
  readonly clientCa?: string;
}

const CHECK_MILLIS = 30_000;

/**
 * The certificate that servers show, kept as the files are: new connections get the new one. Files that cannot be used,
 * as while they are being replaced, change nothing.
 */
export class TlsFiles {
  readonly asksClients: boolean;
  readonly #paths: TlsPaths;
  readonly #log: Logger;
  readonly #listeners: ((context: SecureContextOptions) => void)[] = [];
  readonly #timer: NodeJS.Timeout;
  #context: SecureContextOptions;
  #faultSaid = '';

  /** @throws CollectorError `config_invalid` that names the file */
  constructor(paths: TlsPaths, log: Logger, checkMillis = CHECK_MILLIS) {
    this.#paths = paths;
    this.#log = log;
    this.asksClients = paths.clientCa !== undefined;
    this.#context = contextOf(paths);
    this.#timer = setInterval(() => this.check(), checkMillis).unref();
  }

  get context(): SecureContextOptions {
    return this.#context;
  }

  /** @param listener called with each later context */
  onChange(listener: (context: SecureContextOptions) => void): void {
    this.#listeners.push(listener);
  }

  /** Looks at the files now. */
  check(): void {
    try {
      const context = contextOf(this.#paths);
      this.#faultSaid = '';
      if (sameContext(context, this.#context)) return;
      this.#context = context;
      for (const listener of this.#listeners) listener(context);
      const { validTo } = new X509Certificate(context.cert as Buffer);
      this.#log.info({ validTo }, 'new TLS certificate');
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.#faultSaid) this.#log.error({ fault: message }, 'TLS files: the former ones stay');
      this.#faultSaid = message;
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

const contextOf = ({ cert, key, clientCa }: TlsPaths): SecureContextOptions => {
  const context: SecureContextOptions = {
    minVersion: 'TLSv1.2',
    cert: read('WHENCE_TLS_CERT', cert),
    key: read('WHENCE_TLS_KEY', key),
    ...(clientCa === undefined ? {} : { ca: read('WHENCE_TLS_CLIENT_CA', clientCa) }),
  };
  try {
    if (clientCa !== undefined) new X509Certificate(context.ca as Buffer);
    createSecureContext(context);
  } catch (cause) {
    const { message } = cause as Error;
    const files = [cert, key, clientCa].filter((path) => path !== undefined).join(', ');
    throw new CollectorError('config_invalid', `TLS files (${files}) cannot be used: ${message}`, { cause });
  }
  return context;
};

const read = (name: string, path: string): Buffer => {
  try {
    return readFileSync(path);
  } catch (cause) {
    const { message } = cause as Error;
    throw new CollectorError('config_invalid', `${name}="${path}" cannot be read: ${message}`, { cause });
  }
};

const sameContext = (a: SecureContextOptions, b: SecureContextOptions): boolean =>
  (['cert', 'key', 'ca'] as const).every((part) => String(a[part]) === String(b[part]));
