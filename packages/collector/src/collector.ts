import { join } from 'node:path';
import {
  type CredentialSet,
  type CredentialsFile,
  createIssuer,
  createKnownRuns,
  createTokenMint,
  declaredIn,
  openCredentialsFile,
  openMacKeys,
  openTlsFiles,
  openTokenKeys,
  tokenKeySetOf,
} from '@whence/identity';
import type { ReferenceTrust } from '@whence/model';
import {
  AgeWatch,
  CREDENTIAL_RECORDS,
  CredentialLog,
  DiskReserve,
  GAPS,
  keepRetention,
  lockDirectory,
  OTEL_TRACES,
  RUNS,
  Shipper,
  Spool,
  StoreLink,
} from '@whence/store';
import type { Logger } from 'pino';
import { createAttributors } from './attribution/attributors.ts';
import type { CollectorConfig } from './config.ts';
import { COUNTED, countingDeliveries, newCounters } from './counters.ts';
import { startForwarding } from './forward/forwarding.ts';
import { GapLog } from './gap-log.ts';
import { listenGrpc } from './grpc/grpc-server.ts';
import { createHealth } from './health.ts';
import { keySetRoute } from './http/key-set-route.ts';
import { runRoutes } from './http/run-routes.ts';
import { listen } from './http/server.ts';
import { traceRoute } from './http/trace-route.ts';
import { unkeptRoute } from './http/unkept-route.ts';
import { createIntake } from './intake/intake.ts';
import { JsonReader } from './otlp/json-reader.ts';
import { BodyMemory } from './receive/body-memory.ts';
import { anyone, identifyByFile } from './receive/identify.ts';
import { limitsByFile, TenantLimits } from './receive/tenant-limits.ts';
import { createReceiver } from './receive/trace-receiver.ts';
import { createUnkeptSignals } from './receive/unkept-signals.ts';
import { RunLog } from './run-log.ts';

export interface Collector {
  readonly url: string;
  /** `host:port` of OTLP/gRPC, where it is served. */
  readonly grpcAddress?: string;
  /** Reads the credentials file and the TLS files again. */
  reload(): void;
  /** Finishes requests under way, ships what it can within the grace period, leaves the rest on disk. */
  close(): Promise<void>;
}

const KNOWN_RUNS = 100_000;
/** However many runs are started and ended on a full disk, so much of the reserve is left to tell of what is missing. */
const RESERVE_PARTS_FOR_GAPS = 2;
/** Without a credentials file there is nobody to trust across: references of this process only. */
const LOCAL_TRUST_DOMAIN = 'local';

/**
 * OTLP in → authenticated → attributed → durable → acknowledged → shipped. With the issuer beside it, since both look
 * the same runs up and both write to the same spool.
 *
 * @throws CollectorError, or identity's coded errors: configuration, directory or address that cannot be used.
 */
export const startCollector = async (config: CollectorConfig, log: Logger): Promise<Collector> => {
  const parts = new AsyncDisposableStack();
  try {
    const credentials = openCredentials(config, log);
    parts.defer(() => credentials?.close());
    const reserve = await DiskReserve.find({
      directory: config.dataDirectory,
      bytes: config.spoolReserveBytes,
      log,
    });
    const lock = await reserve.spend(async () => lockDirectory(config.dataDirectory, 'a Whence collector'));
    parts.defer(() => lock.release());
    await reserve.keepWhole();
    parts.defer(() => reserve.close());
    const addresses = await assemble(config, credentials, reserve, log, parts);
    return { ...addresses, close: () => parts.disposeAsync() };
  } catch (error) {
    await parts.disposeAsync();
    throw error;
  }
};

/** Builds the parts in the order of need. Each puts its own end on the stack, which ends them in reverse. */
const assemble = async (
  config: CollectorConfig,
  credentials: CredentialsFile | undefined,
  reserve: DiskReserve,
  log: Logger,
  parts: AsyncDisposableStack,
): Promise<Omit<Collector, 'close'>> => {
  const { shutdownGraceMillis: grace, bodyMaxBytes } = config;
  const bodyMemory = new BodyMemory(config.bodiesMaxBytes);
  const bodies = { bodyMaxBytes, bodyMemory };
  const counters = newCounters();

  const spool = {
    directory: join(config.dataDirectory, 'spool'),
    segmentMaxBytes: config.segmentMaxBytes,
    segmentMaxAgeMillis: config.segmentMaxAgeMillis,
    maxBytes: config.spoolMaxBytes,
    reserve,
    log,
  };
  const gaps = await Spool.open({ ...spool, table: GAPS, reservePartsLeft: 0 });
  parts.defer(() => gaps.close());
  const gapLog = new GapLog(gaps, counters, log);
  const traces = await Spool.open({ ...spool, ...gapLog.telling(OTEL_TRACES), table: OTEL_TRACES });
  parts.defer(() => traces.close());
  const runs = await Spool.open({
    ...spool,
    ...gapLog.telling(RUNS),
    table: RUNS,
    reservePartsLeft: RESERVE_PARTS_FOR_GAPS,
  });
  parts.defer(() => runs.close());
  const uses = await Spool.open({
    ...spool,
    ...gapLog.telling(CREDENTIAL_RECORDS),
    table: CREDENTIAL_RECORDS,
  });
  parts.defer(() => uses.close());
  for (const each of [traces, runs, uses]) await gapLog.tellDamage(each);

  const link = new StoreLink(config.store, log);
  parts.defer(() => link.close());
  const keeping = keepRetention(link, config.retention, log);
  parts.defer(() => keeping.stop());
  const runLog = new RunLog(runs, link, counters);
  await runLog.restore();

  const macKeys = await openMacKeys(join(config.dataDirectory, 'mac-keys.json'));
  const trust: ReferenceTrust = {
    trustDomain: credentials?.current.set.trustDomain ?? LOCAL_TRUST_DOMAIN,
    keys: macKeys.keys,
  };
  const knownRuns = createKnownRuns(KNOWN_RUNS);
  const tokenKeys = await openTokenKeys(join(config.dataDirectory, 'token-keys.json'));
  const mint = createTokenMint({
    key: tokenKeys.active,
    trustDomain: trust.trustDomain,
    lifetimeSeconds: config.tokenLifetimeSeconds,
  });
  const issuer = createIssuer({ macKey: macKeys.active, trust, journal: runLog, mint, knownRuns });
  const attributorOf = createAttributors({ trust, knownRuns, journal: runLog, log });

  const forwarding =
    config.forward === undefined
      ? undefined
      : await startForwarding({
          config: config.forward,
          spool,
          attributorOf,
          recordOf: (tenant, runId) => knownRuns.get(tenant, runId),
          counters,
          log,
          graceMillis: grace,
        });
  parts.defer(() => forwarding?.stop());

  const deliveries = countingDeliveries(counters);
  const shippers = [
    new Shipper(gaps, link, log, deliveries, () => {}),
    new Shipper(traces, link, log, deliveries, () => {}),
    new Shipper(runs, link, log, deliveries, (segment) => runLog.shipped(segment.id)),
    new Shipper(uses, link, log, deliveries, () => {}),
  ];
  parts.defer(async () => {
    await Promise.all(shippers.map((shipper) => shipper.stop(grace)));
  });

  const intake = createIntake({ traces, runLog, attributorOf, counters });
  const credentialLog = new CredentialLog({
    spool: uses,
    directory: config.dataDirectory,
    service: 'whence-collector',
    everyMillis: config.credentialUsesMillis,
    uncounted: (requests) => counters.add(COUNTED.credentialUsesUncounted, requests),
    log,
  });
  parts.defer(() => credentialLog.close());
  const declare = (set: CredentialSet): Promise<void> => credentialLog.declare(declaredIn(set));
  if (credentials !== undefined) await declare(credentials.current.set);
  credentials?.onChange(({ set }) => void declare(set));
  const identify =
    credentials === undefined ? anyone : identifyByFile(credentials, { uses: credentialLog, counters, log });
  const limits = new TenantLimits(limitsByFile(credentials, config.tenantLimit, bodyMaxBytes));
  const receiver = createReceiver({
    intake,
    identify,
    limits,
    forwarding,
    uses: credentialLog,
    log,
  });
  const otherSpools = [gaps, uses, ...(forwarding?.spools ?? [])];
  const ageWatch = new AgeWatch([traces, runs, ...otherSpools], log);
  parts.defer(() => ageWatch.stop());
  const health = createHealth({
    spools: [traces, runs],
    otherSpools,
    reserve,
    link,
    bodyMemory,
    counters,
  });
  parts.defer(() => health.stop());

  const jsonReader = new JsonReader();
  parts.defer(() => jsonReader.close());
  const unkept = createUnkeptSignals(forwarding, counters);
  const unkeptParts = { receiver, unkept, limits: bodies, counters };
  const tls = config.tls === undefined ? undefined : openTlsFiles(config.tls, log);
  parts.defer(() => tls?.close());
  const reload = (): void => {
    tls?.check();
    credentials?.check();
  };
  const http = await listen(
    config.host,
    config.port,
    {
      otlp: new Map([
        ['/v1/traces', traceRoute({ receiver, limits: bodies, jsonReader, counters })],
        ['/v1/logs', unkeptRoute('/v1/logs', unkeptParts)],
        ['/v1/metrics', unkeptRoute('/v1/metrics', unkeptParts)],
      ]),
      runs: runRoutes({ issuer, identify, log }),
      keySet: keySetRoute(tokenKeySetOf(tokenKeys)),
      health,
    },
    log,
    tls,
  );
  parts.defer(() => http.close(grace));
  if (config.grpcPort === undefined) return { url: http.url, reload };

  const grpc = await listenGrpc(config.host, config.grpcPort, {
    receiver,
    unkept,
    limits: bodies,
    counters,
    tls,
    log,
  });
  parts.defer(() => grpc.close(grace));
  return { url: http.url, grpcAddress: grpc.address, reload };
};

const openCredentials = (config: CollectorConfig, log: Logger): CredentialsFile | undefined => {
  if (config.credentialsPath === undefined) {
    log.warn('no credentials file: senders are anonymous, no run can be started');
    return undefined;
  }
  const file = openCredentialsFile(config.credentialsPath, log);
  if (file.current.set.certificates.length > 0 && config.tls?.clientCa === undefined) {
    log.warn('certificates are listed, but without WHENCE_TLS_CLIENT_CA none is asked for');
  }
  return file;
};
