// Without --import: sets up in code.
import { createServer, get } from 'node:http';
import { run, whence } from '@whence/sdk';

whence({ service: 'by-hand', log: 'warn' });
const server = createServer((_, response) => response.end('ok')).listen(0, '127.0.0.1', async () => {
  await run(
    { job: 'by hand' },
    () =>
      new Promise((resolve) =>
        get({ port: server.address().port }, (response) => response.resume().on('end', resolve)),
      ),
  );
  server.close();
});
