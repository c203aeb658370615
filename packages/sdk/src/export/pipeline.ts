import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { getStringFromEnv } from '@opentelemetry/core';
import { ConsoleSpanExporter, SimpleSpanProcessor, type SpanProcessor } from '@opentelemetry/sdk-trace';
import { WHENCE } from '@whence/model';
import { messageOf } from '../runs/failure.ts';
import { tracer } from '../runs/tracer.ts';
import type { SdkConfig } from '../settings/config.ts';
import type { Notices } from '../settings/notices.ts';
import { grpcSender } from './grpc-sender.ts';
import { httpSender } from './http-sender.ts';
import { OpenSpans } from './open-spans.ts';
import { SpanLosses } from './span-losses.ts';
import { SpanQueue } from './span-queue.ts';
import { SpoolFolder } from './spool-folder.ts';
import { within } from './within.ts';

export const FLUSH_MILLIS = 5000;

/** From the start of a span to the receiver. */
export interface Pipeline {
  readonly processors: readonly SpanProcessor[];
  /** Spans ended and neither with the receiver, on disk nor lost yet. */
  held(): number;
  /** Whether spans wait on disk, of this process or of one before it. */
  hasSpooled(): boolean;
  /** Resolves when none is held, or after `millis`. @returns whether none is */
  flush(millis?: number): Promise<boolean>;
  /** Ends, as unfinished, the spans that have not ended. */
  endOpen(reason: string): void;
  /** Flushes, and takes no more. */
  shutdown(): Promise<void>;
  /** What is left in memory goes to disk; says how many spans were lost, and how many wait. Waits for nothing. */
  finish(): void;
}

export const openPipeline = (config: SdkConfig, notices: Notices): Pipeline => {
  let closed: Promise<void> | undefined;
  const losses = new SpanLosses(notices, (spans, reason) => {
    if (closed === undefined) recordLoss(spans, reason);
  });
  const open = new OpenSpans();
  const queue = config.tracesExporter === 'otlp' ? queueOf(config, notices, losses) : undefined;
  const exporting =
    queue ??
    (config.tracesExporter === 'console'
      ? new SimpleSpanProcessor({ exporter: new ConsoleSpanExporter() })
      : undefined);

  const held = (): number => queue?.held ?? 0;
  const flush = async (millis = FLUSH_MILLIS): Promise<boolean> => {
    if (queue !== undefined) await within(millis, flushed(queue, losses));
    return held() === 0;
  };
  const finish = (): void => {
    losses.report();
    queue?.spill();
    losses.tellTotal(held());
  };
  return {
    processors: [open, ...(exporting === undefined ? [] : [exporting])],
    held,
    hasSpooled: () => queue?.hasSpooled() ?? false,
    flush,
    endOpen: (reason) => open.endAll(reason),
    shutdown: () => {
      open.endAll('tracing was shut down');
      open.stop();
      closed ??= flush()
        .then(() => queue?.shutdown())
        .then(finish);
      return closed;
    },
    finish,
  };
};

/** There is room now for the report of what there was no room for. */
const flushed = async (queue: SpanQueue, losses: SpanLosses): Promise<void> => {
  await queue.forceFlush();
  if (losses.report()) await queue.forceFlush();
};

/** Of a process that is not to be traced. */
export const NO_PIPELINE: Pipeline = {
  processors: [],
  held: () => 0,
  hasSpooled: () => false,
  flush: async () => true,
  endOpen: () => {},
  shutdown: async () => {},
  finish: () => {},
};

const queueOf = (config: SdkConfig, notices: Notices, losses: SpanLosses): SpanQueue => {
  const authorization = config.sendsKeyToExporter ? `Bearer ${config.key}` : undefined;
  const open = config.tracesProtocol === 'grpc' ? grpcSender : httpSender;
  const sender = open(config.tracesEndpoint, authorization);
  return new SpanQueue(sender, spoolOf(config, notices), config, losses);
};

/** One folder a service and receiver: what is in it goes to that receiver only, by that service only. */
const spoolOf = (config: SdkConfig, notices: Notices): SpoolFolder | undefined => {
  const { spoolDirectory, spoolMaxBytes, tracesEndpoint } = config;
  if (spoolDirectory === undefined) return undefined;
  const service =
    config.service ??
    `${getStringFromEnv('OTEL_SERVICE_NAME')} ${getStringFromEnv('OTEL_RESOURCE_ATTRIBUTES')}`;
  const name = createHash('sha256').update(`${tracesEndpoint}\n${service}`).digest('hex').slice(0, 16);
  const path = join(spoolDirectory, name);
  try {
    return new SpoolFolder(path, spoolMaxBytes);
  } catch (error) {
    notices.warn(
      `spans can wait in memory only: ${path} cannot be used (${messageOf(error)}; WHENCE_SPOOL_DIR)`,
    );
    return undefined;
  }
};

/** A gap in the record is an action of the recorder: nobody's, and it says how many and why. */
const recordLoss = (spans: number, reason: string): void =>
  tracer()
    .startSpan(
      'spans lost',
      {
        attributes: {
          [WHENCE.actionSystem.key]: 'whence',
          [WHENCE.actionOperation.key]: 'lose',
          [WHENCE.spansLost.key]: spans,
          [WHENCE.spansLostReason.key]: reason,
        },
      },
      ROOT_CONTEXT,
    )
    .end();
