import { type handleUnaryCall, type ServerUnaryCall, type ServiceDefinition, status } from '@grpc/grpc-js';
import type { Counters } from '@whence/model';
import type { Logger } from 'pino';
import type { Sender } from '../intake/intake.ts';
import { acceptedResponse, partialSuccess } from '../otlp/export-response.ts';
import type { BodyMemory } from '../receive/body-memory.ts';
import { NO_ROOM, type Refused } from '../receive/refusal.ts';
import type { Receiver } from '../receive/trace-receiver.ts';
import type { UnkeptPath, UnkeptSignals } from '../receive/unkept-signals.ts';
import type { Admission } from './admission.ts';
import { refusalStatus } from './refusal-status.ts';

export interface OtlpServiceParts {
  readonly admission: Admission;
  readonly receiver: Receiver;
  readonly unkept: UnkeptSignals;
  readonly bodyMemory: BodyMemory;
  readonly counters: Counters;
  readonly log: Logger;
}

/** An OTLP service with its one method, `Export`. */
export interface OtlpService {
  readonly definition: ServiceDefinition;
  readonly handlers: { readonly export: handleUnaryCall<Buffer, Buffer> };
}

/** What becomes of one message. @returns the response, or why there is none */
type Take = (sender: Sender, message: Buffer) => Promise<Uint8Array | Refused>;

/** The services of OTLP/gRPC: traces are kept, logs and metrics are passed on or rejected, as over HTTP. */
export const otlpServices = (parts: OtlpServiceParts): readonly OtlpService[] => {
  const { receiver, unkept } = parts;
  const keep: Take = async (sender, message) => {
    const received = await receiver.receive(sender, () => message);
    return received.status === 'refused' ? received : acceptedResponse(received.rejectedSpans);
  };
  const passOn =
    (path: UnkeptPath): Take =>
    async (_sender, message) => {
      const taken = await unkept.take(path, message, 'application/x-protobuf');
      return taken.status === 'refused' ? taken : partialSuccess(taken.rejected, taken.message);
    };
  return [
    { definition: definitionOf('trace.v1.TraceService'), handlers: exportBy(keep, parts) },
    { definition: definitionOf('logs.v1.LogsService'), handlers: exportBy(passOn('/v1/logs'), parts) },
    {
      definition: definitionOf('metrics.v1.MetricsService'),
      handlers: exportBy(passOn('/v1/metrics'), parts),
    },
  ];
};

/** Messages stay bytes: the one decoder of this collector reads them. */
const asIs = (bytes: Buffer): Buffer => bytes;

const definitionOf = (service: string): ServiceDefinition => ({
  export: {
    path: `/opentelemetry.proto.collector.${service}/Export`,
    requestStream: false,
    responseStream: false,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  },
});

const exportBy = (take: Take, parts: OtlpServiceParts): OtlpService['handlers'] => ({
  export: (call, answer) => {
    takeWithin(take, call, parts)
      .then((taken) => {
        if ('status' in taken) answer(refusalStatus(taken, parts.counters));
        else answer(null, Buffer.from(taken));
      })
      .catch((error: unknown) => {
        parts.log.error({ err: error, path: call.getPath() }, 'unexpected fault');
        answer({ code: status.UNAVAILABLE, details: 'cannot be kept now' });
      });
  },
});

/** The message is in memory by now: one for which there is no room is let go of at once. */
const takeWithin = async (
  take: Take,
  call: ServerUnaryCall<Buffer, Buffer>,
  { admission, receiver, bodyMemory }: OtlpServiceParts,
): Promise<Uint8Array | Refused> => {
  const sender = admission.senderOf(call.metadata);
  const lease = bodyMemory.lease();
  if (!lease.hold(call.request.length)) return NO_ROOM;
  try {
    receiver.charge(sender, call.request.length);
    return await take(sender, call.request);
  } finally {
    lease.release();
  }
};
