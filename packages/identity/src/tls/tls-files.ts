import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { identityError } from '../identity-error.ts';
import { ReloadedFiles } from '../reloaded-files.ts';
import type { ServiceLog } from '../service-log.ts';

/** PEM files. */
export interface TlsPaths {
  /** The server's certificate, with the chain up to its root. */
  readonly cert: string;
  readonly key: string;
  /** Whose client certificates count; absent: none is asked for. */
  readonly clientCa?: string;
}

/** The certificate that servers show: new connections get the new one. Whether clients are asked for one is fixed. */
export type TlsFiles = ReloadedFiles<SecureContextOptions>;

/** @throws CodedError `tls_files_invalid` that names the file */
export const openTlsFiles = (paths: TlsPaths, log: ServiceLog): TlsFiles =>
  new ReloadedFiles({ what: 'TLS certificate', read: () => contextOf(paths), same: sameContext }, log);

export const asksClients = ({ current }: TlsFiles): boolean => current.ca !== undefined;

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
    throw identityError('tls_files_invalid', `TLS files (${files}) cannot be used: ${message}`, cause);
  }
  return context;
};

const read = (name: string, path: string): Buffer => {
  try {
    return readFileSync(path);
  } catch (cause) {
    const { message } = cause as Error;
    throw identityError('tls_files_invalid', `${name}="${path}" cannot be read: ${message}`, cause);
  }
};

const sameContext = (a: SecureContextOptions, b: SecureContextOptions): boolean =>
  (['cert', 'key', 'ca'] as const).every((part) => String(a[part]) === String(b[part]));
