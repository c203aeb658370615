import { createServer, get } from 'node:http';
import https from 'node:https';
import { run } from '@whence/sdk';

const seen = [];
const server = createServer((request, response) => {
  seen.push({ traceparent: request.headers.traceparent, tracestate: request.headers.tracestate });
  response.end('ok');
}).listen(0, '127.0.0.1', async () => {
  const url = `http://127.0.0.1:${server.address().port}/`;
  await run({ job: 'http-esm' }, async (active) => {
    await new Promise((resolve, reject) =>
      get(url, (r) => r.resume().on('end', resolve)).on('error', reject),
    );
    await (await fetch(url)).text();
    process.stdout.write(JSON.stringify({ reference: active.reference, seen, https: typeof https.request }));
  });
  server.close();
});
