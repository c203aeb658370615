import type { Presented } from '@whence/identity';
import { isCoded } from '@whence/model';
import type { CredentialHolder, CredentialLog } from '@whence/store';
import type { Logger } from 'pino';
import type { Forwarding } from '../forward/forwarding.ts';
import type { Intake, Sender } from '../intake/intake.ts';
import type { Identified, Identify } from './identify.ts';
import { type Refused, refused } from './refusal.ts';
import type { TenantLimits } from './tenant-limits.ts';

/** What was sent, when all that is known is who sends. */
export type Admitted = { readonly status: 'admitted'; readonly sender: Sender } | Refused;

export type Received =
  /** On disk, but for `rejectedSpans`, which can never be kept. */
  { readonly status: 'accepted'; readonly spans: number; readonly rejectedSpans: number } | Refused;

export interface ReceiverParts {
  readonly intake: Intake;
  readonly identify: Identify;
  readonly limits: TenantLimits;
  /** Undefined: nothing is passed on. */
  readonly forwarding: Forwarding | undefined;
  /** Counts what was accepted from whom. */
  readonly uses?: Pick<CredentialLog, 'accepted'>;
  readonly log: Logger;
}

/** Takes OTLP messages, whatever protocol carries them. Says no by a value, never by throwing. */
export interface Receiver {
  /** Before the body is read: who sends, and may they now? A promise only where a new token has to be verified. */
  admit(presented: Presented): Admitted | Promise<Admitted>;
  /** The body is read: it counts against the rate of its tenant, whatever becomes of it. @param bytes inflated */
  charge(sender: Sender, bytes: number): void;
  /** @param body makes the protobuf of an `ExportTraceServiceRequest`; may throw `otlp_malformed` */
  receive(sender: Sender, body: () => Uint8Array | Promise<Uint8Array>): Promise<Received>;
}

const ANONYMOUS: Sender = { tenant: 'default', actor: '', witness: 'sdk' };

const RETRY_SECONDS = 1;

const isRecognised = (sender: Sender): sender is Sender & CredentialHolder => sender.proof !== undefined;

export const createReceiver = ({
  intake,
  identify,
  limits,
  forwarding,
  uses,
  log,
}: ReceiverParts): Receiver => {
  const admitted = (identified: Identified): Admitted => {
    if (identified.status === 'refused') return identified;
    const sender = identified.status === 'anonymous' ? ANONYMOUS : identified.credential;
    const { tenant } = sender;
    const seconds = limits.secondsUntilAllowed(tenant);
    if (seconds === 0) return { status: 'admitted', sender };
    return refused('rate_limited', `tenant ${tenant} sends more than it may: wait ${seconds} s`, seconds);
  };

  return {
    admit(presented) {
      const identified = identify(presented);
      return identified instanceof Promise ? identified.then(admitted) : admitted(identified);
    },

    charge: ({ tenant }, bytes) => limits.take(tenant, bytes),

    async receive(sender, body) {
      try {
        const made = body();
        const bytes = made instanceof Promise ? await made : made;
        // First, and alone: where it says no, nothing is stored that the sender will send again, and nobody looks at the
        // body any more. What is forwarded twice is within its promise.
        await forwarding?.traces(bytes, sender);
        const { spans, rejectedSpans } = await intake.accept(bytes, sender);
        if (isRecognised(sender)) uses?.accepted(sender, spans);
        return { status: 'accepted', spans, rejectedSpans };
      } catch (error) {
        if (isCoded(error, 'otlp_malformed')) return refused('malformed', error.message);
        // A fault that we do not know may pass: senders must not give up on what they hold.
        if (!isCoded(error, 'spool_unavailable'))
          log.error({ err: error }, 'unexpected fault while receiving');
        const message = error instanceof Error ? error.message : 'cannot be kept now';
        return refused('unavailable', message, RETRY_SECONDS);
      }
    },
  };
};
