import { generateKeyPairSync, type JsonWebKey, type KeyObject, sign } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A key of an issuer, and the public half as it would be published. */
export interface SigningKey {
  readonly algorithm: string;
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly published: JsonWebKey;
}

const PAIRS = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: () => generateKeyPairSync('ed25519'),
};

export const newSigningKey = (kid: string, algorithm: keyof typeof PAIRS = 'ES256'): SigningKey => {
  const { privateKey, publicKey } = PAIRS[algorithm]();
  const published = { ...publicKey.export({ format: 'jwk' }), kid, alg: algorithm, use: 'sig' };
  return { algorithm, kid, privateKey, published };
};

export const part = (content: unknown): string =>
  Buffer.from(typeof content === 'string' ? content : JSON.stringify(content)).toString('base64url');

/** @param header over what is usual; a member that is undefined is left out */
export const tokenOf = (key: SigningKey, claims: object | string, header: object = {}): string => {
  const signed = `${part({ alg: key.algorithm, kid: key.kid, typ: 'JWT', ...header })}.${part(claims)}`;
  return `${signed}.${signatureOf(key, signed)}`;
};

export const signatureOf = ({ algorithm, privateKey }: SigningKey, signed: string): string =>
  sign(algorithm === 'EdDSA' ? null : 'sha256', Buffer.from(signed), {
    key: privateKey,
    dsaEncoding: 'ieee-p1363',
  }).toString('base64url');

/** A real HTTP server for what an issuer publishes, until the test is over. */
export const serve = async (answer: RequestListener): Promise<{ url: string; server: Server }> => {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
};
