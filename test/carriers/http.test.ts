import { expect } from 'vitest';
import { newAuthority } from '../stage/certificates.ts';
import { carrierMatrix } from './carrier-matrix.ts';

carrierMatrix('http', { app: 'http' });

const authority = newAuthority('carriers');
const { cert, key } = authority.issue({ names: ['IP:127.0.0.1'], purpose: 'server' });
carrierMatrix('https', {
  app: 'https',
  environment: () => ({ TLS_CA: authority.cert, TLS_CERT: cert, TLS_KEY: key }),
});

carrierMatrix('fetch', { app: 'fetch' });

carrierMatrix('Express 5', { app: 'express' });
carrierMatrix('Express 4', { app: 'express', environment: () => ({ EXPRESS: 'express4' }) });

for (const call of ['unary', 'clientStream', 'serverStream', 'bidi']) {
  carrierMatrix(`gRPC, ${call}`, { app: 'grpc', environment: () => ({ GRPC_CALL: call }) });
}

for (const mode of ['binary', 'structured']) {
  carrierMatrix(`CloudEvents over HTTP, ${mode}`, {
    app: 'cloudevents',
    environment: () => ({ EVENT_MODE: mode }),
    expectAnswer: (answer) => expect(answer.chain.length).toBeGreaterThan(1),
  });
}
