// Who is heard to be at work where messages arrive, for each way to receive one.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { BroadcastChannel, isMainThread, MessageChannel, parentPort, Worker } from 'node:worker_threads';
import { bind, current, run } from '@whence/sdk';

const here = () => current()?.job ?? current()?.runId ?? 'nobody';

if (!isMainThread) {
  const atStart = here();
  parentPort.once('message', () => parentPort.postMessage({ atStart, onMessage: here() }));
} else if (process.send !== undefined) {
  const atStart = here();
  process.once('message', () => {
    process.send({ atStart, onMessage: here() });
    process.disconnect();
  });
} else {
  const said = {};
  await run({ job: 'creator' }, async ({ runId }) => {
    said.runId = runId;
    const worker = new Worker(new URL(import.meta.url));
    worker.postMessage('go');
    worker.once('message', (message) => {
      said.worker = { ...message, heard: here() };
    });
    worker.once(
      'message',
      bind(() => Object.assign(said, { bound: here() })),
    );
    await once(worker, 'exit');

    const child = fork(fileURLToPath(import.meta.url));
    child.send('go');
    child.once('message', (message) => {
      said.child = { ...message, heard: here() };
    });
    await once(child, 'exit');

    const { port1, port2 } = new MessageChannel();
    port2.once('message', () => {
      said.port = here();
    });
    port1.postMessage(1);
    await once(port2, 'message');
    said.awaited = here();
    port1.close();

    const [left, right] = [new BroadcastChannel('runs'), new BroadcastChannel('runs')];
    await new Promise((resolve) => {
      right.onmessage = () => {
        said.broadcast = here();
        resolve();
      };
      left.postMessage(1);
    });
    left.close();
    right.close();
  });
  process.stdout.write(JSON.stringify(said));
}
