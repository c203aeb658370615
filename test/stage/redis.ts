import { freePort } from './free-port.ts';
import { listensAt, startProgram, untilReady } from './system-program.ts';
import { temporaryDirectory } from './take-down.ts';

/** Debian's redis-server. */
export const startRedis = async (): Promise<{ readonly url: string }> => {
  const port = await freePort();
  const options = { port, bind: '127.0.0.1', dir: temporaryDirectory(), save: '', appendonly: 'no' };
  const program = startProgram(
    'redis-server',
    Object.entries(options).flatMap(([name, value]) => [`--${name}`, `${value}`]),
  );
  await untilReady(program, () => listensAt(port));
  return { url: `redis://127.0.0.1:${port}` };
};
