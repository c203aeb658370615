// Worker threads and messages as few use them: each does as it would without tracing.
import { once } from 'node:events';
import {
  BroadcastChannel,
  getEnvironmentData,
  MessageChannel,
  receiveMessageOnPort,
  SHARE_ENV,
  setEnvironmentData,
  Worker,
} from 'node:worker_threads';

const TELL = `
  const { parentPort, workerData, getEnvironmentData, resourceLimits } = require('node:worker_threads');
  parentPort.postMessage({
    workerData,
    argv: process.argv.slice(2),
    env: Object.keys(process.env).filter((name) => name !== 'PATH').sort(),
    own: getEnvironmentData('own'),
    young: resourceLimits.maxYoungGenerationSizeMb,
  });`;

const told = async (options, Class = Worker) => {
  const worker = new Class(TELL, { eval: true, ...options });
  const exited = once(worker, 'exit');
  const [message] = await once(worker, 'message');
  await exited;
  return message;
};

class OwnWorker extends Worker {
  constructor(...args) {
    super(...args);
    this.kind = 'own';
  }
}

setEnvironmentData('own', { of: 'the host' });
const said = {
  plain: await told({ workerData: { deep: [1, { two: 2 }] }, argv: ['a', 'b'] }),
  shared: await told({ env: SHARE_ENV }),
  env: await told({ env: { ONLY: 'this' } }),
  limited: await told({ resourceLimits: { maxYoungGenerationSizeMb: 32 } }),
  unpreloaded: await told({ execArgv: [] }),
  subclass: await told({}, OwnWorker),
  isWorker: new OwnWorker('', { eval: true }) instanceof Worker,
  name: [Worker.name, Worker.length],
  own: getEnvironmentData('own'),
};

try {
  new Worker(42);
} catch (error) {
  said.bad = error.code;
}
const throwing = new Worker('throw new RangeError("thrown inside")', { eval: true });
said.thrown = (await once(throwing, 'error'))[0].message;

const { port1, port2 } = new MessageChannel();
port1.postMessage({ first: 1 });
said.taken = receiveMessageOnPort(port2).message;
const heard = [];
const listener = (message) => heard.push(message);
port2.on('message', listener);
port1.postMessage('second');
await once(port2, 'message');
port2.off('message', listener);
port2.onmessage = ({ data, target }) => heard.push([data, target === port2]);
port1.postMessage('third');
await once(port2, 'message');
const closed = once(port2, 'close');
port1.close();
await closed;
const [left, right] = [new BroadcastChannel('odd'), new BroadcastChannel('odd')];
left.postMessage({ to: 'all' });
said.broadcast = await new Promise((resolve) => {
  right.onmessage = ({ data }) => resolve(data);
});
left.close();
right.close();
process.stdout.write(JSON.stringify({ ...said, heard }));
