import type { Counters, Run } from '@whence/model';
import { Spool, type SpoolOptions } from '@whence/store';
import type { Logger } from 'pino';
import type { Attributor } from '../attribution/attributor.ts';
import { type AttributesFor, attributedRequest } from '../otlp/attributed-request.ts';
import { attributionAttributes, type ForwardedSender } from './attribution-attributes.ts';
import { Forwarder } from './forwarder.ts';
import { createOtlpClient } from './otlp-client.ts';

export interface ForwardConfig {
  /** Base address of the other OTLP/HTTP endpoint. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface ForwardingParts {
  readonly config: ForwardConfig;
  readonly spool: Omit<SpoolOptions, 'table'>;
  readonly attributorOf: (tenant: string) => Attributor;
  readonly recordOf: (tenant: string, runId: string) => Run | undefined;
  readonly counters: Counters;
  readonly log: Logger;
  readonly graceMillis: number;
}

/** Kinds of OTLP request, by the path that takes them. */
export type ForwardPath = '/v1/traces' | '/v1/logs' | '/v1/metrics';

/** The same OTLP to a second endpoint, through spools of its own: the endpoint may be away, and misses nothing. */
export interface Forwarding {
  /** With attribution. Resolves when it is on disk. @throws StoreError `spool_unavailable`, CollectorError `otlp_malformed` */
  traces(body: Uint8Array, sender: ForwardedSender): Promise<void>;
  /** As it is. Resolves when it is on disk. @throws StoreError `spool_unavailable` */
  other(path: '/v1/logs' | '/v1/metrics', body: Uint8Array): Promise<void>;
  readonly spools: readonly Spool[];
  stop(): Promise<void>;
}

const PATHS: readonly ForwardPath[] = ['/v1/traces', '/v1/logs', '/v1/metrics'];

export const startForwarding = async (parts: ForwardingParts): Promise<Forwarding> => {
  const { config, attributorOf, recordOf, counters, log, graceMillis } = parts;
  const client = createOtlpClient(config.endpoint, config.headers);
  const spools = new Map<ForwardPath, Spool>();
  for (const path of PATHS) {
    const table = { name: `forward-${path.slice('/v1/'.length)}`, columns: [] };
    spools.set(path, await Spool.open({ ...parts.spool, table }));
  }
  const forwarders = PATHS.map((path) => new Forwarder(spools.get(path)!, path, client, counters, log));
  const attributes = new Map<string, AttributesFor>();
  const attributesOf = ({ tenant, actor }: ForwardedSender): AttributesFor => {
    const key = `${tenant} ${actor}`;
    let known = attributes.get(key);
    if (known === undefined) {
      known = attributionAttributes({ tenant, actor }, (runId) => recordOf(tenant, runId));
      attributes.set(key, known);
    }
    return known;
  };
  const append = (path: ForwardPath, body: Uint8Array): Promise<void> => {
    const spool = spools.get(path)!;
    return spool.append(body, 1, spool.place(Date.now()));
  };
  return {
    spools: [...spools.values()],
    traces: async (body, sender) =>
      append('/v1/traces', attributedRequest(body, attributorOf(sender.tenant), attributesOf(sender))),
    // The spool keeps what it is given: a copy, since the body may be a part of something larger.
    other: (path, body) => append(path, body.slice()),
    stop: async () => {
      await Promise.all(forwarders.map((forwarder) => forwarder.stop(graceMillis)));
      for (const spool of spools.values()) await spool.close();
    },
  };
};
