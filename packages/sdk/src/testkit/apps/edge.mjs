// A service with routes of each policy. Every route acts at once, once the body has been read, and in a listener.

import { context, propagation } from '@opentelemetry/api';
import { action, current, express } from '@whence/sdk';
import expressFramework from 'express';

const app = expressFramework();
const act = (name) => action(name, {}, () => {});

for (const inbound of ['verified', 'link', 'discard']) {
  const router = expressFramework.Router();
  router.post('/orders/:id', (request, response) => {
    act(`${inbound} work`);
    response.on('finish', () => act(`${inbound} finished`));
    const { owner } = Object.fromEntries(
      (propagation.getBaggage(context.active())?.getAllEntries() ?? []).map(([key, { value }]) => [
        key,
        value,
      ]),
    );
    response.json({
      run: current()?.runId,
      owner,
      body: request.body,
      listeners: request.headers['x-listeners'],
    });
  });
  const readByHand = (request, _response, next) => {
    let text = '';
    const onData = (chunk) => {
      text += chunk;
    };
    request.on('data', onData);
    request.once('end', () => {
      act(`${inbound} read`);
      request.off('data', onData);
      request.body = { text, left: request.listenerCount('data') };
      next();
    });
  };
  const read = (request, ...rest) =>
    (request.headers['content-type'] === 'application/json' ? expressFramework.json() : readByHand)(
      request,
      ...rest,
    );
  app.use(`/${inbound}`, express({ inbound }), read, router);
}

const server = app.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ port: server.address().port })}\n`);
});
process.once('SIGUSR2', () => {
  server.closeAllConnections();
  server.close();
});
