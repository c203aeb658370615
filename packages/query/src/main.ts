import { openCredentialsFile, openTlsFiles } from '@whence/identity';
import { checkReading, openStore } from '@whence/store';
import { pino } from 'pino';
import { openQueryRecorder } from './audit/query-recorder.ts';
import { readConfig } from './config.ts';
import { newCounters } from './counters.ts';
import { openFindingsFile } from './findings/findings-file.ts';
import { startFindings } from './findings/findings-service.ts';
import { openWebhooksFile } from './findings/webhooks/webhooks-file.ts';
import { openOwnersFile } from './owners/owners-file.ts';
import { startQuery } from './query-service.ts';

const read = readConfig(process.env);
if (read.status === 'faulty') {
  for (const fault of read.faults) console.error(fault);
  process.exit(1);
}
const { config } = read;
const logger = pino({ name: 'whence-query', level: config.logLevel });

try {
  const { credentialsPath, dataDirectory, spoolMaxBytes, tenant } = config;
  const credentials =
    credentialsPath === undefined ? undefined : openCredentialsFile(credentialsPath, logger);
  const tls = config.tls === undefined ? undefined : openTlsFiles(config.tls, logger);
  const owners = config.ownersPath === '' ? undefined : openOwnersFile(config.ownersPath, logger);
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
  await checkReading(store);
  const counters = newCounters();
  const recorder = await openQueryRecorder({
    directory: dataDirectory,
    maxBytes: spoolMaxBytes,
    store,
    tenantOfNobody: tenant,
    counters,
    logger,
  });
  const { host, port, basePath, attributionIntervalMillis } = config;
  const service = await startQuery({
    ...{ store, tenant, host, port, basePath, logger, attributionIntervalMillis },
    ...{ credentials, tls, owners, findings, recorder, counters },
  });
  const looking = startFindings({
    ...{ store, tenant, file: findings, webhooks, counters, logger },
    ownerPatterns: () => (owners?.current.rules.rules ?? []).map((rule) => rule.pattern),
    everyMillis: config.findingsSeconds * 1000,
  });

  const stop = async () => {
    await service.close();
    await looking.close();
    await recorder.close();
    await store.close();
    process.exit(0);
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  process.once('disconnect', stop);
  process.on('SIGHUP', () => {
    credentials?.check();
    tls?.check();
    owners?.check();
  });
  // Last: whoever hears it may stop us at once.
  logger.info(`query service at ${service.url}`);
  process.send?.({ ready: service.url });
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
