import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Certificate } from './certificates.ts';
import { takeDown } from './take-down.ts';

/** An OIDC issuer: it publishes its keys over HTTP, and signs tokens. */
export interface TokenIssuer {
  readonly url: string;
  /** From now on connections are cut before an answer. */
  away: boolean;
  /** New keys, published at once; the former are withdrawn. */
  rotate(): void;
  /** For an hour, for the audience `whence`; claims that are undefined are left out. */
  token(subject: string, claims?: object): string;
}

/** @param tls serves https, and asks for the bearer `ours`, as an API server does */
export const startTokenIssuer = async (tls?: Certificate): Promise<TokenIssuer> => {
  let generation = 0;
  let pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const kid = (): string => `key-${generation}`;
  const answer: RequestListener = (request, response) => {
    if (issuer.away) {
      request.socket.destroy();
      return;
    }
    if (tls !== undefined && request.headers.authorization !== 'Bearer ours') {
      response.writeHead(403).end();
      return;
    }
    const jwk = { ...pair.publicKey.export({ format: 'jwk' }), kid: kid(), alg: 'ES256', use: 'sig' };
    const metadata = { issuer: issuer.url, jwks_uri: `${issuer.url}/keys` };
    response.end(JSON.stringify(request.url === '/keys' ? { keys: [jwk] } : metadata));
  };
  const server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  takeDown(() => {
    server.closeAllConnections();
    server.close();
  });
  const issuer: TokenIssuer = {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    away: false,
    rotate: () => {
      generation++;
      pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    },
    token: (subject, claims = {}) => {
      const exp = Math.floor(Date.now() / 1000) + 3_600;
      const payload = { iss: issuer.url, aud: 'whence', sub: subject, exp, ...claims };
      const signed = [{ alg: 'ES256', kid: kid(), typ: 'JWT' }, payload]
        .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
        .join('.');
      const signature = sign('sha256', Buffer.from(signed), {
        key: pair.privateKey,
        dsaEncoding: 'ieee-p1363',
      });
      return `${signed}.${signature.toString('base64url')}`;
    },
  };
  return issuer;
};
