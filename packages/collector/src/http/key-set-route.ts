import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TokenKeySet } from '@whence/identity';
import { methodNotAllowed } from './json-answer.ts';

export const KEY_SET_PATH = '/.well-known/jwks.json';

/** A verifier asks again after this: a key is to be published that long before anything is signed with it. */
const FRESH_SECONDS = 300;

/** The public keys of Transaction Tokens, for anybody. */
export const keySetRoute = (keySet: TokenKeySet) => {
  const text = JSON.stringify(keySet);
  const headers = {
    'content-type': 'application/jwk-set+json',
    'content-length': Buffer.byteLength(text),
    'cache-control': `public, max-age=${FRESH_SECONDS}`,
  };
  return (request: IncomingMessage, response: ServerResponse): void => {
    if (request.method === 'GET' || request.method === 'HEAD') {
      response.writeHead(200, headers);
      response.end(request.method === 'HEAD' ? undefined : text);
    } else {
      methodNotAllowed(request, response, 'GET');
    }
  };
};
