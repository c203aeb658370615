import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { Presented } from './authenticator.ts';
import { type PeerCertificate, peerCertificateOf } from './peer-certificate.ts';

/** By connection: a certificate is presented once. */
const certificates = new WeakMap<TLSSocket, PeerCertificate>();

/** What a request presents: its header, and the certificate of its connection where that was verified. */
export const presentedBy = ({ headers, socket }: IncomingMessage): Presented => ({
  authorization: headers.authorization,
  address: socket.remoteAddress,
  peerCertificate: socket instanceof TLSSocket && socket.authorized ? certificateOf(socket) : undefined,
});

const certificateOf = (socket: TLSSocket): PeerCertificate | undefined => {
  const known = certificates.get(socket);
  if (known !== undefined) return known;
  const x509 = socket.getPeerX509Certificate();
  if (x509 === undefined) return undefined;
  const certificate = peerCertificateOf(x509);
  certificates.set(socket, certificate);
  return certificate;
};
