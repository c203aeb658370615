// Does things in a process that another one started; serves one request.
import { createServer } from 'node:http';
import { action, causedBy, current, run } from '@whence/sdk';

action('of the parent', {}, () => {});
await new Promise((resolve) => setTimeout(resolve, 1));
action('later', {}, () => {});
const message = { traceparent: '00-11111111111111111111111111111111-2222222222222222-01' };
causedBy(message, 'message', () => action('of a message', {}, () => {}));
const parentRunId = await run({ job: 'nested' }, (active) => active.parentRunId);

const server = createServer((_, response) => {
  action('in a request', {}, () => response.end());
  server.close();
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  process.stdout.write(`${JSON.stringify({ current: current(), parentRunId, port })}\n`);
});
