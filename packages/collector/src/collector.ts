import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type CredentialSet,
  createIssuer,
  createKnownRuns,
  openMacKeys,
  readCredentials,
} from '@whence/identity';
import type { ReferenceTrust } from '@whence/model';
import { OTEL_TRACES, RUNS } from '@whence/store';
import type { Logger } from 'pino';
import { Attributor } from './attribution/attributor.ts';
import { createReferenceJudge } from './attribution/reference-judge.ts';
import { CollectorError } from './collector-error.ts';
import type { CollectorConfig } from './config.ts';
import { COUNTED, type Counters, newCounters } from './counters.ts';
import { listenGrpc } from './grpc/grpc-server.ts';
import { runRoutes } from './http/run-routes.ts';
import { listen } from './http/server.ts';
import { traceRoute } from './http/trace-route.ts';
import { createIntake } from './intake/intake.ts';
import { TenantLimits } from './receive/tenant-limits.ts';
import { createReceiver } from './receive/trace-receiver.ts';
import { RunLog } from './run-log.ts';
import { Shipper } from './ship/shipper.ts';
import { StoreLink } from './ship/store-link.ts';
import { lockDirectory } from './spool/directory-lock.ts';
import { Spool } from './spool/spool.ts';

export interface Collector {
  readonly url: string;
  /** `host:port` of OTLP/gRPC, where it is served. */
  readonly grpcAddress?: string;
  /** Finishes requests under way, ships what it can within the grace period, leaves the rest on disk. */
  close(): Promise<void>;
}

const KNOWN_RUNS = 100_000;
/** Without a credentials file there is nobody to trust across: references of this process only. */
const LOCAL_TRUST_DOMAIN = 'local';

/**
 * OTLP in → authenticated → attributed → durable → acknowledged → shipped. With the issuer beside it, since both look
 * the same runs up and both write to the same spool.
 *
 * @throws CollectorError, or identity's coded errors: configuration, directory or address that cannot be used.
 */
export const startCollector = async (config: CollectorConfig, log: Logger): Promise<Collector> => {
  const credentials = await loadCredentials(config.credentialsPath);
  if (credentials === undefined)
    log.warn('no credentials file: senders are anonymous, no run can be started');
  const lock = lockDirectory(config.dataDirectory, 'a Whence collector');
  try {
    return await startIn(config, credentials, log, lock.release);
  } catch (error) {
    lock.release();
    throw error;
  }
};

const startIn = async (
  config: CollectorConfig,
  credentials: CredentialSet | undefined,
  log: Logger,
  release: () => void,
): Promise<Collector> => {
  const macKeys = await openMacKeys(join(config.dataDirectory, 'mac-keys.json'));
  const trust: ReferenceTrust = {
    trustDomain: credentials?.trustDomain ?? LOCAL_TRUST_DOMAIN,
    keys: macKeys.keys,
  };
  const counters = newCounters();
  const spoolOptions = {
    ...config,
    maxBytes: config.spoolMaxBytes,
    directory: join(config.dataDirectory, 'spool'),
    log,
  };
  const traces = await Spool.open({ ...spoolOptions, table: OTEL_TRACES });
  const runs = await Spool.open({ ...spoolOptions, table: RUNS });
  for (const spool of [traces, runs]) countDamage(spool, counters);

  const link = new StoreLink(config.store, log);
  const knownRuns = createKnownRuns(KNOWN_RUNS);
  const runLog = new RunLog(runs, link, counters);
  await runLog.restore();
  const issuer = createIssuer({ macKey: macKeys.active, trust, journal: runLog, knownRuns });
  const attributors = new Map<string, Attributor>();
  const attributorOf = (tenant: string): Attributor => {
    let attributor = attributors.get(tenant);
    if (attributor === undefined) {
      const found = (runId: string): void => attributors.get(tenant)?.forget(runId);
      attributor = new Attributor(
        createReferenceJudge({ tenant, trust, knownRuns, journal: runLog, log, found }),
      );
      attributors.set(tenant, attributor);
    }
    return attributor;
  };
  const intake = createIntake({ traces, runLog, attributorOf, counters });
  const limits = new TenantLimits(() => config.tenantLimit);
  const receiver = createReceiver({ intake, credentials, limits, log });

  const shippers = [
    new Shipper(traces, link, log, counters, () => {}),
    new Shipper(runs, link, log, counters, (segment) => runLog.shipped(segment.id)),
  ];
  const closeParts = async (): Promise<void> => {
    await Promise.all(shippers.map((shipper) => shipper.stop(config.shutdownGraceMillis)));
    await Promise.all([traces.close(), runs.close()]);
    await link.close();
    release();
  };
  try {
    const server = await listen(
      config.host,
      config.port,
      {
        traces: traceRoute({ receiver, bodyMaxBytes: config.bodyMaxBytes, counters }),
        runs: runRoutes({ issuer, credentials, log }),
        readiness: () => ({
          ready: traces.accepting && runs.accepting,
          spool: traces.accepting && runs.accepting ? 'accepting' : 'not accepting',
          store: link.current === undefined ? 'away since the start' : 'open',
        }),
        metrics: () => counters.render(spoolGauges([traces, runs])),
      },
      log,
    );
    const grpc =
      config.grpcPort === undefined
        ? undefined
        : await listenGrpc(config.host, config.grpcPort, {
            receiver,
            bodyMaxBytes: config.bodyMaxBytes,
            counters,
            log,
          }).catch(async (error: unknown) => {
            await server.close(0);
            throw error;
          });
    return {
      url: server.url,
      ...(grpc === undefined ? {} : { grpcAddress: grpc.address }),
      close: async () => {
        await Promise.all([
          server.close(config.shutdownGraceMillis),
          grpc?.close(config.shutdownGraceMillis),
        ]);
        await closeParts();
      },
    };
  } catch (error) {
    await closeParts();
    throw error;
  }
};

const loadCredentials = async (path: string | undefined): Promise<CredentialSet | undefined> => {
  if (path === undefined) return undefined;
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new CollectorError('config_invalid', `credentials file ${path} cannot be read: ${cause.message}`, {
      cause,
    });
  });
  return readCredentials(text, path);
};

const countDamage = ({ table, damage }: Spool, counters: Counters): void => {
  const label = `table="${table.name}"`;
  for (const { lostRows } of damage) {
    counters.add(COUNTED.segmentsDamaged, 1, label);
    counters.add(COUNTED.rowsLost, lostRows, label);
  }
};

const spoolGauges = (spools: readonly Spool[]): Record<string, number> =>
  Object.fromEntries([
    ...spools.map(({ table, bytes }) => [`whence_collector_spool_bytes{table="${table.name}"}`, bytes]),
    ...spools.map((spool) => [
      `whence_collector_spool_age_seconds{table="${spool.table.name}"}`,
      spool.ageMillis(Date.now()) / 1000,
    ]),
  ]);
