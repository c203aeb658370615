import { X509Certificate } from 'node:crypto';
import type { Metadata, ServerInterceptingCallInterface } from '@grpc/grpc-js';
import { type PeerCertificate, type Presented, peerCertificateOf } from '@whence/identity';

const KEPT_MAX = 1_000;
/** By fingerprint: gRPC shows no connection to remember it by. */
const certificates = new Map<string, PeerCertificate>();

type AuthContext = ReturnType<ServerInterceptingCallInterface['getAuthContext']>;

/** The library shows a certificate only where the connection has verified it. */
export const presentedBy = (
  metadata: Metadata,
  { sslPeerCertificate: peer }: AuthContext,
  address: string,
): Presented => ({
  address: withoutPort(address),
  authorization: metadata.get('authorization')[0]?.toString(),
  peerCertificate: peer === undefined ? undefined : certificateOf(peer.fingerprint256, peer.raw),
});

/** `127.0.0.1:4317`, `[::1]:4317` */
const withoutPort = (address: string): string => address.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');

const certificateOf = (fingerprint: string, der: Buffer): PeerCertificate => {
  let certificate = certificates.get(fingerprint);
  if (certificate === undefined) {
    certificate = peerCertificateOf(new X509Certificate(der));
    if (certificates.size >= KEPT_MAX) certificates.clear();
    certificates.set(fingerprint, certificate);
  }
  return certificate;
};
