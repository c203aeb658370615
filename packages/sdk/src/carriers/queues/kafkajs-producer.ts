import { headersToSend } from './sent-headers.ts';

/** What is used of KafkaJS's own, of a producer and of a transaction alike. */
interface KafkaSender {
  send(record: { messages: readonly KafkaSent[] }): Promise<unknown>;
  sendBatch(batch: { topicMessages?: readonly { messages: readonly KafkaSent[] }[] }): Promise<unknown>;
}

export interface KafkaProducer extends KafkaSender {
  transaction(...args: unknown[]): Promise<KafkaSender>;
}

interface KafkaSent {
  headers?: object;
}

/** Gives each message headers of its own before anything is written into them. */
export const sendOwnHeaders = (producer: KafkaProducer): KafkaProducer => {
  ownHeaders(producer);
  const { transaction } = producer;
  producer.transaction = async (...args) => {
    const begun = await transaction.apply(producer, args);
    ownHeaders(begun);
    return begun;
  };
  return producer;
};

const ownHeaders = (sender: KafkaSender): void => {
  const { send, sendBatch } = sender;
  sender.send = (record) => send.call(sender, Array.isArray(record?.messages) ? toSend(record) : record);
  sender.sendBatch = (batch) =>
    sendBatch.call(
      sender,
      Array.isArray(batch?.topicMessages)
        ? {
            ...batch,
            topicMessages: batch.topicMessages.map((each) => (each?.messages ? toSend(each) : each)),
          }
        : batch,
    );
};

const toSend = <R extends { messages: readonly KafkaSent[] }>(record: R): R => ({
  ...record,
  messages: record.messages.map((message) =>
    typeof message === 'object' && message !== null
      ? { ...message, headers: headersToSend(message.headers) }
      : message,
  ),
});
