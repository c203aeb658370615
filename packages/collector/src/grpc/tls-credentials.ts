import { ServerCredentials } from '@grpc/grpc-js';
import { asksClients, type TlsFiles } from '@whence/identity';

/**
 * What `ServerCredentials.createSsl` has no way to say: a client certificate is asked for but not demanded, since a
 * bearer does as well, and the server's own can change.
 */
export class TlsCredentials extends ServerCredentials {
  constructor(files: TlsFiles) {
    super({ requestCert: asksClients(files), rejectUnauthorized: false }, files.current);
    files.onChange((context) => this.updateSecureContextOptions(context));
  }

  _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}
