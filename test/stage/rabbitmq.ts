import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { listensAt, startProgram, untilReady } from './system-program.ts';
import { temporaryDirectory } from './take-down.ts';

/**
 * Debian's RabbitMQ, as a node of its own: everything it writes is in a directory of its own, and so is its port mapper,
 * which would otherwise stay behind.
 */
export const startRabbitMq = async (): Promise<{ readonly url: string }> => {
  const [port, mapperPort, nodesPort] = [await freePort(), await freePort(), await freePort()];
  const home = temporaryDirectory();
  mkdirSync(join(home, 'logs'));
  writeFileSync(join(home, 'rabbitmq.conf'), 'loopback_users = none\n');
  writeFileSync(join(home, 'plugins'), '[].\n');
  const mapper = startProgram('epmd', ['-port', `${mapperPort}`, '-address', '127.0.0.1']);
  await untilReady(mapper, () => listensAt(mapperPort));
  const server = startProgram('/usr/lib/rabbitmq/bin/rabbitmq-server', [], {
    HOME: home,
    ERL_EPMD_PORT: `${mapperPort}`,
    RABBITMQ_NODENAME: `whence-${process.pid}-${port}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: `${port}`,
    RABBITMQ_DIST_PORT: `${nodesPort}`,
    RABBITMQ_MNESIA_BASE: join(home, 'mnesia'),
    RABBITMQ_LOG_BASE: join(home, 'logs'),
    RABBITMQ_LOGS: '-',
    RABBITMQ_CONFIG_FILE: join(home, 'rabbitmq.conf'),
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_ENABLED_PLUGINS_FILE: join(home, 'plugins'),
    // In place of the shell that started it, so that it can be ended by its id.
    RUNNING_UNDER_SYSTEMD: 'true',
  });
  await untilReady(server, () => /Server startup complete/.test(server.printed()));
  return { url: `amqp://guest:guest@127.0.0.1:${port}` };
};
