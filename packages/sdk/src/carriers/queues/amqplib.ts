import { type Span, SpanKind, type Tracer } from '@opentelemetry/api';
import { AmqplibInstrumentation } from '@opentelemetry/instrumentation-amqplib';
import type { Notices } from '../../settings/notices.ts';
import { linksTo } from '../caused-by.ts';
import { messageCause } from '../message-cause.ts';
import { patchOnce } from '../patching/patch-once.ts';
import type { TracedLibrary } from '../traced-library.ts';
import { type AmqpChannel, type AmqpMessage, deliverInRuns, publishOwnHeaders } from './amqplib-channel.ts';
import { ConsumerTracer } from './consumer-tracer.ts';

interface AmqpModel {
  readonly Channel: { readonly prototype: AmqpChannel };
  readonly ConfirmChannel: { readonly prototype: AmqpChannel };
}

/** The official instrumentation, with ours nearer to the library for what is received and further out for what is sent. */
class LinkedAmqplib extends AmqplibInstrumentation {
  readonly #notices: Notices;

  constructor(notices: Notices) {
    super({ publishHook: nameSent, consumeHook: nameReceived });
    this.#notices = notices;
  }

  protected override get tracer(): Tracer {
    return new ConsumerTracer(super.tracer, () => undefined);
  }

  protected override init() {
    const definition = super.init();
    for (const file of definition.files) {
      if (!/model\.js$/.test(file.name)) continue;
      const { patch } = file;
      file.patch = (model: AmqpModel, version) => {
        patchOnce('amqplib', model, this.#notices, () => {
          deliverInRuns(model.Channel.prototype, (queue, message) => this.#received(queue, message));
          patch(model, version);
          publishOwnHeaders(model.Channel.prototype);
          publishOwnHeaders(model.ConfirmChannel.prototype);
        });
        return model;
      };
    }
    return definition;
  }

  /** `get` takes one message: an action of whoever calls it, linked to the message's producer. */
  #received(queue: string, message: AmqpMessage): void {
    const cause = messageCause(message);
    const links = linksTo(cause);
    const span = super.tracer.startSpan(`get ${queue}`, { kind: SpanKind.CLIENT, links });
    span.setAttributes({ ...named(queue, 'get'), 'messaging.operation.type': 'receive' }).end();
  }
}

const named = (destination: string, operation: string) => ({
  'messaging.system': 'rabbitmq',
  'messaging.destination.name': destination,
  'messaging.operation.name': operation,
});

/** Today's names beside those from before 1.17 that the official one still writes. */
const nameSent = (span: Span, sent: Addressed): void =>
  void span.setAttributes(named(addressOf(sent), 'publish'));

const nameReceived = (span: Span, { msg: { fields } }: { msg: { fields: Addressed } }): void =>
  void span.setAttributes(named(addressOf(fields), 'process'));

interface Addressed {
  readonly exchange: string;
  readonly routingKey: string;
}

/** The queue where it was named directly. */
const addressOf = ({ exchange, routingKey }: Addressed): string => (exchange === '' ? routingKey : exchange);

export const amqplib: TracedLibrary = {
  packages: ['amqplib'],
  instrumentation: ({ notices }) => new LinkedAmqplib(notices),
};
