import { type Span, SpanKind, type Tracer } from '@opentelemetry/api';
import { AmqplibInstrumentation } from '@opentelemetry/instrumentation-amqplib';
import { linksTo } from '../caused-by.ts';
import { messageCause } from '../message-cause.ts';
import type { TracedLibrary } from '../traced-library.ts';
import { type AmqpChannel, type AmqpMessage, deliverInRuns, publishOwnHeaders } from './amqplib-channel.ts';
import { ConsumerTracer } from './consumer-tracer.ts';

interface AmqpModel {
  readonly Channel: { readonly prototype: AmqpChannel };
  readonly ConfirmChannel: { readonly prototype: AmqpChannel };
}

const patched = new WeakSet<AmqpModel>();

/** The official instrumentation, with ours nearer to the library for what is received and further out for what is sent. */
class LinkedAmqplib extends AmqplibInstrumentation {
  protected override get tracer(): Tracer {
    return new ConsumerTracer(super.tracer, () => undefined);
  }

  protected override init() {
    const definition = super.init();
    for (const file of definition.files) {
      if (!/model\.js$/.test(file.name)) continue;
      const { patch } = file;
      file.patch = (model: AmqpModel, version) => {
        if (patched.has(model)) return model;
        patched.add(model);
        deliverInRuns(model.Channel.prototype, (queue, message) => this.#received(queue, message));
        const traced = patch(model, version);
        publishOwnHeaders(model.Channel.prototype);
        publishOwnHeaders(model.ConfirmChannel.prototype);
        return traced;
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
const nameSent = (span: Span, { exchange, routingKey }: { exchange: string; routingKey: string }): void =>
  void span.setAttributes(named(exchange === '' ? routingKey : exchange, 'publish'));

export const amqplib: TracedLibrary = {
  packages: ['amqplib'],
  instrumentation: () =>
    new LinkedAmqplib({
      publishHook: nameSent,
      consumeHook: (span, { msg }) => {
        const { exchange, routingKey } = msg.fields;
        span.setAttributes(named(exchange === '' ? routingKey : exchange, 'process'));
      },
    }),
};
