import { X509Certificate } from 'node:crypto';
import type { Metadata, ServerInterceptingCallInterface } from '@grpc/grpc-js';
import { type PeerCertificate, type Presented, peerCertificateOf } from '@whence/identity';

const KEPT_MAX = 1_000;
/** By fingerprint: gRPC shows no connection to remember it by. */
const certificates = new Map<string, PeerCertificate>();

type AuthContext = ReturnType<ServerInterceptingCallInterface['getAuthContext']>;

/** The library shows a certificate only where the connection has verified it. */
export const presentedBy = (metadata: Metadata, { sslPeerCertificate: peer }: AuthContext): Presented => ({
  authorization: metadata.get('authorization')[0]?.toString(),
  peerCertificate: peer === undefined ? undefined : certificateOf(peer.fingerprint256, peer.raw),
});

const certificateOf = (fingerprint: string, der: Buffer): PeerCertificate => {
  let certificate = certificates.get(fingerprint);
  if (certificate === undefined) {
    certificate = peerCertificateOf(new X509Certificate(der));
    if (certificates.size >= KEPT_MAX) certificates.clear();
    certificates.set(fingerprint, certificate);
  }
  return certificate;
};
