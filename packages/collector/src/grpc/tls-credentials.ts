import { ServerCredentials } from '@grpc/grpc-js';
import type { TlsFiles } from '../tls/tls-files.ts';

/**
 * What `ServerCredentials.createSsl` has no way to say: a client certificate is asked for but not demanded, since a
 * bearer does as well, and the server's own can change.
 */
export class TlsCredentials extends ServerCredentials {
  constructor(files: TlsFiles) {
    super({ requestCert: files.asksClients, rejectUnauthorized: false }, files.context);
    files.onChange((context) => this.updateSecureContextOptions(context));
  }

  _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}
