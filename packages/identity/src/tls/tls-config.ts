import { isLoopback } from '../loopback.ts';
import type { TlsPaths } from './tls-files.ts';

export interface TlsSettings {
  readonly host: string;
  /** The variable that sets it, for messages. */
  readonly hostVariable: string;
  /** Paths, empty: not set. */
  readonly cert: string;
  readonly key: string;
  readonly clientCa: string;
  /** `true` or empty. */
  readonly insecure: string;
}

/** What is wrong, if anything, is added to `faults`. Keys and tokens cross a network in the clear only where told so. */
export const tlsPathsOf = (settings: TlsSettings, faults: string[]): TlsPaths | undefined => {
  const { host, hostVariable, cert, key, clientCa, insecure } = settings;
  if (!['', 'true', 'false'].includes(insecure)) faults.push(`WHENCE_INSECURE="${insecure}": true or false`);
  if ((cert === '') !== (key === '')) {
    faults.push(
      cert === ''
        ? 'WHENCE_TLS_KEY needs WHENCE_TLS_CERT beside it'
        : 'WHENCE_TLS_CERT needs WHENCE_TLS_KEY beside it',
    );
  }
  if (cert !== '' && key !== '') return { cert, key, ...(clientCa === '' ? {} : { clientCa }) };
  if (clientCa !== '') faults.push('WHENCE_TLS_CLIENT_CA needs WHENCE_TLS_CERT and WHENCE_TLS_KEY');
  if (insecure !== 'true' && !isLoopback(host)) {
    faults.push(
      `${hostVariable}="${host}" would take credentials in the clear: set WHENCE_TLS_CERT and WHENCE_TLS_KEY, or WHENCE_INSECURE=true where something in front does TLS`,
    );
  }
  return undefined;
};
