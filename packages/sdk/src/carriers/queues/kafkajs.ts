import type { Tracer } from '@opentelemetry/api';
import { KafkaJsInstrumentation } from '@opentelemetry/instrumentation-kafkajs';
import type { Notices } from '../../settings/notices.ts';
import { patchOnce } from '../patching/patch-once.ts';
import type { TracedLibrary } from '../traced-library.ts';
import { ConsumerTracer } from './consumer-tracer.ts';
import { deliverInRuns, type KafkaConsumer } from './kafkajs-consumer.ts';
import { type KafkaProducer, sendOwnHeaders } from './kafkajs-producer.ts';
import { takeUp } from './taken-up.ts';

interface KafkaPrototype {
  consumer(...args: unknown[]): KafkaConsumer;
  producer(...args: unknown[]): KafkaProducer;
}

/**
 * The official instrumentation, with ours around the consumers (nearer to the library, so that it is in place before
 * a span is started) and around the producers (further out, so that what is written into is our copy).
 */
class LinkedKafkaJs extends KafkaJsInstrumentation {
  readonly #notices: Notices;

  constructor(notices: Notices) {
    super({ consumerHook: (span, { message }) => void takeUp(message, span) });
    this.#notices = notices;
  }

  protected override get tracer(): Tracer {
    return new ConsumerTracer(super.tracer, (attributes) => attributes['messaging.kafka.offset'] as string);
  }

  protected override init() {
    const definition = super.init();
    const { patch } = definition;
    definition.patch = (exports, version) => {
      const kafka = exports?.Kafka?.prototype as KafkaPrototype | undefined;
      patchOnce('kafkajs', kafka, this.#notices, () => {
        const { consumer } = kafka!;
        kafka!.consumer = function (...args) {
          return deliverInRuns(consumer.apply(this, args));
        };
        patch?.(exports, version);
        const { producer } = kafka!;
        kafka!.producer = function (...args) {
          return sendOwnHeaders(producer.apply(this, args));
        };
      });
      return exports;
    };
    return definition;
  }
}

export const kafkajs: TracedLibrary = {
  packages: ['kafkajs'],
  instrumentation: ({ notices }) => new LinkedKafkaJs(notices),
};
