import { openCredentialsFile, openTlsFiles } from '@whence/identity';
import { openStore } from '@whence/store';
import { pino } from 'pino';
import { openQueryRecorder } from './audit/query-recorder.ts';
import { readConfig } from './config.ts';
import { newCounters } from './counters.ts';
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
  const counters = newCounters();
  const recorder = await openQueryRecorder({
    directory: dataDirectory,
    maxBytes: spoolMaxBytes,
    store,
    tenantOfNobody: tenant,
    counters,
    logger,
  });
  const { host, port } = config;
  const service = await startQuery({
    ...{ store, tenant, host, port, logger },
    ...{ credentials, tls, recorder, counters },
  });

  const stop = async () => {
    await service.close();
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
  });
  // Last: whoever hears it may stop us at once.
  logger.info(`query service at ${service.url}`);
  process.send?.({ ready: service.url });
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
