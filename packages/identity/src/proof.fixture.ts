import type { CredentialProof } from '@whence/model';
import { namesIn, type PeerCertificate } from './authentication/peer-certificate.ts';
import { newKey } from './credentials/credential-key.ts';
import { keyProof } from './credentials/credential-proofs.ts';

const DAY_MILLIS = 86_400_000;

/** Of a day, as the connection would have verified it. */
export const peerCertificate = (
  subjectAltName: string,
  validUntilMillis = Date.now() + DAY_MILLIS,
): PeerCertificate => ({
  names: namesIn(subjectAltName),
  thumbprint: 'ab'.repeat(32),
  issuer: 'CN=test',
  validFromMillis: Date.now(),
  validUntilMillis,
});

/** Of a key that nobody has. */
export const proofOfKey = (id: string): CredentialProof => keyProof('example.com', id, newKey(id).hash, 0);
