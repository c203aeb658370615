import { describe, expect, it } from 'vitest';
import { carriedBy } from '../carried-by.ts';

const CARRIER = {
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  tracestate: 'whence=r',
};
const attributes = (valueName: string, { traceparent, tracestate } = CARRIER) => ({
  tenant: { [valueName]: 'acme' },
  traceparent: { [valueName]: traceparent },
  tracestate: { [valueName]: tracestate },
});
const envelope = (more: object = {}): string =>
  JSON.stringify({
    Type: 'Notification',
    MessageId: '1',
    TopicArn: 'arn:aws:sns:us-east-1:1:t',
    Message: 'refund',
    MessageAttributes: attributes('Value'),
    ...more,
  });
const received = { MessageId: '1', ReceiptHandle: 'r' };

describe('the carrier in a message', () => {
  it.each([
    ['of SQS', { ...received, Body: 'b', MessageAttributes: attributes('StringValue') }],
    ['of SNS to SQS, raw', { ...received, Body: 'b', MessageAttributes: attributes('StringValue') }],
    ['of SNS to SQS, in its envelope', { ...received, Body: envelope() }],
    ['of SQS to Lambda', { eventSource: 'aws:sqs', body: 'b', messageAttributes: attributes('stringValue') }],
    ['of SNS to SQS to Lambda', { receiptHandle: 'r', body: envelope(), messageAttributes: {} }],
    ['of SNS to Lambda', { EventSource: 'aws:sns', Sns: { MessageAttributes: attributes('Value') } }],
    ['of SNS, its envelope parsed', JSON.parse(envelope())],
    ['that is a carrier', CARRIER],
  ])('%s', (_shape, message) => {
    expect(carriedBy(message)).toEqual(CARRIER);
  });

  it('is that of its attributes before that of its body', () => {
    const other = { traceparent: 'theirs', tracestate: 'whence=other' };
    const message = { ...received, Body: envelope(), MessageAttributes: attributes('StringValue', other) };
    expect(carriedBy(message)).toEqual(other);
  });

  it('may be the reference alone', () => {
    const message = {
      ...received,
      Body: 'b',
      MessageAttributes: { tracestate: { StringValue: 'whence=r' } },
    };
    expect(carriedBy(message)).toEqual({ tracestate: 'whence=r' });
  });

  it.each([
    ['without attributes', { ...received, Body: 'b' }],
    [
      'with attributes of others',
      { ...received, Body: 'b', MessageAttributes: { tenant: { StringValue: 'a' } } },
    ],
    ['with a body that only looks like an envelope', { ...received, Body: envelope({ Type: 'Order' }) }],
    ['with an envelope of no topic', { ...received, Body: envelope({ TopicArn: undefined }) }],
    ['with half an envelope', { ...received, Body: envelope().slice(0, -1) }],
    [
      'with values that are no text',
      { ...received, Body: 'b', MessageAttributes: { traceparent: 7, tracestate: { StringValue: 7 } } },
    ],
    ['of SNS to Lambda without attributes', { EventSource: 'aws:sns', Sns: {} }],
    ['that is none', undefined],
    ['that is null', null],
  ])('is empty in one %s', (_shape, message) => {
    expect(carriedBy(message)).toEqual({});
  });
});
