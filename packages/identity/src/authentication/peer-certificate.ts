import type { X509Certificate } from 'node:crypto';

/** A client certificate whose chain and validity the connection has verified. */
export interface PeerCertificate {
  readonly names: readonly SubjectName[];
  /** SHA-256 of the certificate, 64 hex digits. */
  readonly thumbprint: string;
  /** Its issuer's distinguished name, in one line. */
  readonly issuer: string;
  readonly validFromMillis: number;
  /** Connections outlive certificates: this is looked at with every request. */
  readonly validUntilMillis: number;
}

/** A subject alternative name. The subject's common name never counts. */
export interface SubjectName {
  readonly kind: 'uri' | 'dns';
  readonly text: string;
}

export const peerCertificateOf = (certificate: X509Certificate): PeerCertificate => ({
  names: namesIn(certificate.subjectAltName ?? ''),
  thumbprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
  issuer: certificate.issuer.trim().split('\n').reverse().join(','),
  validFromMillis: certificate.validFromDate.getTime(),
  validUntilMillis: certificate.validToDate.getTime(),
});

/** Node quotes every name that could be mistaken for several. */
const NAME = /(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^",]*)/y;
const KIND: Readonly<Record<string, SubjectName['kind']>> = { URI: 'uri', DNS: 'dns' };

/** @param text as in `X509Certificate.subjectAltName`; where a part of it cannot be read, no name counts */
export const namesIn = (text: string): readonly SubjectName[] => {
  const names: SubjectName[] = [];
  NAME.lastIndex = 0;
  for (let at = 0; at < text.length; at = NAME.lastIndex) {
    const match = NAME.exec(text);
    if (match === null) return [];
    const kind = KIND[match[1]!];
    const value = unquoted(match[2]!);
    if (kind !== undefined) names.push({ kind, text: kind === 'dns' ? value.toLowerCase() : value });
  }
  return names;
};

const unquoted = (value: string): string => (value.startsWith('"') ? (JSON.parse(value) as string) : value);
