import { type Metadata, ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import type { Counters } from '@whence/model';
import type { Sender } from '../intake/intake.ts';
import type { BodyMemory } from '../receive/body-memory.ts';
import { NO_ROOM, type Refused, refused } from '../receive/refusal.ts';
import type { Admitted, Receiver } from '../receive/trace-receiver.ts';
import { presentedBy } from './presented.ts';
import { refusalStatus } from './refusal-status.ts';

/** Decides by a call's headers whether its message is read at all: who sends, may they now, is there room? */
export class Admission {
  private readonly receiver: Receiver;
  private readonly bodyMemory: BodyMemory;
  private readonly counters: Counters;
  private readonly senders = new WeakMap<Metadata, Sender>();

  constructor(receiver: Receiver, bodyMemory: BodyMemory, counters: Counters) {
    this.receiver = receiver;
    this.bodyMemory = bodyMemory;
    this.counters = counters;
  }

  /** Nobody reads from a call before its headers were handed on. */
  readonly intercept: ServerInterceptor = (_method, call) =>
    new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, handOn) => {
            const decided = (admitted: Admitted): void => {
              if (admitted.status === 'refused') {
                call.sendStatus(refusalStatus(admitted, this.counters));
                return;
              }
              this.senders.set(metadata, admitted.sender);
              handOn(metadata);
            };
            this.admit(presentedBy(metadata, call.getAuthContext())).then(decided, () => decided(UNDECIDED));
          },
        }),
    });

  /** Of a call that was let in. */
  senderOf(metadata: Metadata): Sender {
    return this.senders.get(metadata)!;
  }

  private async admit(presented: ReturnType<typeof presentedBy>): Promise<Admitted> {
    const admitted = await this.receiver.admit(presented);
    return admitted.status === 'admitted' && this.bodyMemory.exhausted ? NO_ROOM : admitted;
  }
}

const UNDECIDED: Refused = refused('unavailable', 'cannot be decided now', 1);
