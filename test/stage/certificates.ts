import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** A certificate and its private key, PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateRequest {
  /** `URI:…`, `DNS:…` or `IP:127.0.0.1`. */
  readonly names?: readonly string[];
  readonly purpose?: 'client' | 'server';
  /** @default from a day ago to in a day */
  readonly validFrom?: Date;
  readonly validTo?: Date;
}

export interface Authority extends Certificate {
  issue(request: CertificateRequest): Certificate;
}

const DAY_MILLIS = 86_400_000;

/** DER: tag, length, content. */
const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
};
const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));

const ECDSA_WITH_SHA256 = sequence(oid('2a8648ce3d040302'));
const TRUE = der(0x01, Buffer.from([0xff]));
const PURPOSE = { client: '2b06010505070302', server: '2b06010505070301' };

const nameOf = (text: string): Buffer =>
  sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(text)))));

const timeOf = (time: Date): Buffer =>
  der(0x17, Buffer.from(`${time.toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`));

const extension = (id: string, content: Buffer, critical = false): Buffer =>
  sequence(oid(id), ...(critical ? [TRUE] : []), der(0x04, content));

const generalName = (name: string): Buffer => {
  const [, kind, value] = /^(URI|DNS|IP):(.*)$/.exec(name)!;
  if (kind === 'IP') return der(0x87, Buffer.from(value!.split('.').map(Number)));
  return der(kind === 'URI' ? 0x86 : 0x82, Buffer.from(value!));
};

const pem = (label: string, bytes: Buffer): string => {
  const lines = bytes.toString('base64').match(/.{1,64}/g)!;
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
};

interface Signed {
  readonly subject: string;
  readonly issuer: string;
  readonly issuerKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly validFrom?: Date | undefined;
  readonly validTo?: Date | undefined;
  readonly extensions: readonly Buffer[];
}

/** X.509 v3, as RFC 5280 has it. */
const certificateOf = (request: Signed): string => {
  const { validFrom = new Date(Date.now() - DAY_MILLIS), validTo = new Date(Date.now() + DAY_MILLIS) } =
    request;
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(15)]);
  const toBeSigned = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    ECDSA_WITH_SHA256,
    nameOf(request.issuer),
    sequence(timeOf(validFrom), timeOf(validTo)),
    nameOf(request.subject),
    request.publicKey.export({ type: 'spki', format: 'der' }),
    ...(request.extensions.length === 0 ? [] : [der(0xa3, sequence(...request.extensions))]),
  );
  const signature = sign('sha256', toBeSigned, request.issuerKey);
  return pem('CERTIFICATE', sequence(toBeSigned, ECDSA_WITH_SHA256, der(0x03, Buffer.from([0]), signature)));
};

const newPair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const keyPem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }) as string;

/** A certificate authority of its own. */
export const newAuthority = (name: string): Authority => {
  const own = newPair();
  const cert = certificateOf({
    subject: name,
    issuer: name,
    issuerKey: own.privateKey,
    publicKey: own.publicKey,
    extensions: [extension('551d13', sequence(TRUE), true)],
  });
  return {
    cert,
    key: keyPem(own.privateKey),
    issue: ({ names = [], purpose, validFrom, validTo }) => {
      const pair = newPair();
      const extensions = [
        ...(names.length === 0 ? [] : [extension('551d11', sequence(...names.map(generalName)))]),
        ...(purpose === undefined ? [] : [extension('551d25', sequence(oid(PURPOSE[purpose])))]),
      ];
      const issued = certificateOf({
        subject: 'a workload',
        issuer: name,
        issuerKey: own.privateKey,
        publicKey: pair.publicKey,
        validFrom,
        validTo,
        extensions,
      });
      return { cert: issued, key: keyPem(pair.privateKey) };
    },
  };
};
