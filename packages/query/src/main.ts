import { openStore } from '@whence/store';
import { pino } from 'pino';
import { readConfig } from './config.ts';
import { openFindingsFile } from './findings/findings-file.ts';
import { startFindings } from './findings/findings-service.ts';
import { openWebhooksFile } from './findings/webhooks/webhooks-file.ts';
import { startQuery } from './query-service.ts';

const read = readConfig(process.env);
if (read.status === 'faulty') {
  for (const fault of read.faults) console.error(fault);
  process.exit(1);
}
const { config } = read;
const logger = pino({ name: 'whence-query', level: config.logLevel });

try {
  const findings = config.findingsRules === '' ? undefined : openFindingsFile(config.findingsRules);
  const webhooks = config.webhooks === '' ? undefined : openWebhooksFile(config.webhooks);
  const store = await openStore({
    url: config.clickhouseUrl,
    database: config.clickhouseDatabase,
    username: config.clickhouseUser,
    password: config.clickhousePassword,
    tls: {
      ...(config.clickhouseCa === '' ? {} : { ca: config.clickhouseCa }),
      ...(config.clickhouseCert === '' ? {} : { cert: config.clickhouseCert }),
      ...(config.clickhouseKey === '' ? {} : { key: config.clickhouseKey }),
    },
    proxyEnv: process.env,
  });
  const service = await startQuery({ ...config, store, findings, logger });
  const looking = startFindings({
    ...{ store, tenant: config.tenant, file: findings, webhooks, logger },
    everyMillis: config.findingsSeconds * 1000,
  });

  const stop = async () => {
    await service.close();
    await looking.close();
    await store.close();
    process.exit(0);
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  process.once('disconnect', stop);
  // Last: whoever hears it may stop us at once.
  logger.info(`query service at ${service.url}`);
  process.send?.({ ready: service.url });
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
