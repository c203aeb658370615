import type { Carrier } from '../carrier.ts';
import { withClientContext } from './client-context.ts';
import { fitted, type MessageAttributes, type Outgoing } from './message-attributes.ts';

export type Input = Readonly<Record<string, unknown>>;

/** What a command is sent with. The caller's own input is never changed: it may be sent again, in another run. */
export interface Carrying {
  readonly input: Input;
  /** Messages or calls that leave without the reference, and why. */
  readonly without?: { readonly count: number; readonly why: string };
}

type Carry = (input: Input, carrier: Carrier) => Carrying;

const message =
  (...texts: readonly string[]): Carry =>
  (input, carrier) => {
    const { attributes, without } = fitted([outgoing(input, texts)], carrier);
    return { input: withAttributes(input, attributes[0]), ...noRoom(without) };
  };

const batch =
  (list: string, ...texts: readonly string[]): Carry =>
  (input, carrier) => {
    const entries = input[list];
    if (!Array.isArray(entries)) return { input };
    const { attributes, without } = fitted(
      entries.map((entry: Input) => outgoing(entry, texts)),
      carrier,
    );
    const carrying = entries.map((entry: Input, at) => withAttributes(entry, attributes[at]));
    return { input: { ...input, [list]: carrying }, ...noRoom(without) };
  };

/** Nothing of a text message to a telephone is delivered but its text. */
const published = message('Message', 'Subject');
const publish: Carry = (input, carrier) =>
  input['PhoneNumber'] === undefined ? published(input, carrier) : { input };

const invoke: Carry = (input, carrier) => {
  if (carrier.traceparent === '' || input['InvocationType'] === 'DryRun') return { input };
  const given = input['ClientContext'] as string | undefined;
  const answer = withClientContext(given, carrier);
  const without = (why: string) => (carrier.tracestate === undefined ? {} : { without: { count: 1, why } });
  if (answer.status === 'no_room') return { input, ...without('its client context has no room left') };
  if (answer.status === 'unreadable') return { input, ...without('its client context is no JSON object') };
  return {
    input: { ...input, ClientContext: answer.clientContext },
    ...(input['InvocationType'] === 'Event'
      ? without('Lambda passes client context on to functions that are called synchronously only')
      : {}),
  };
};

const receive: Carry = (input) => {
  const asked = (input['MessageAttributeNames'] ?? []) as readonly string[];
  const all = asked.some((name) => name === 'All' || name === '.*');
  return all
    ? { input }
    : { input: { ...input, MessageAttributeNames: [...new Set([...asked, ...FIELDS])] } };
};

const FIELDS = ['traceparent', 'tracestate'] as const;

/** By client and command, as AWS names them. */
export const CARRYING_COMMANDS: Readonly<Record<string, Carry>> = {
  'SQSClient SendMessageCommand': message('MessageBody'),
  'SQSClient SendMessageBatchCommand': batch('Entries', 'MessageBody'),
  'SQSClient ReceiveMessageCommand': receive,
  'SNSClient PublishCommand': publish,
  'SNSClient PublishBatchCommand': batch('PublishBatchRequestEntries', 'Message', 'Subject'),
  'LambdaClient InvokeCommand': invoke,
  'LambdaClient InvokeWithResponseStreamCommand': invoke,
};

const outgoing = (input: Input, texts: readonly string[]): Outgoing => ({
  attributes: input['MessageAttributes'] as MessageAttributes | undefined,
  texts: texts.map((name) => input[name] as string | undefined),
});

const withAttributes = (input: Input, attributes: MessageAttributes | undefined): Input =>
  attributes === input['MessageAttributes'] ? input : { ...input, MessageAttributes: attributes };

const noRoom = (count: number): Pick<Carrying, 'without'> =>
  count === 0
    ? {}
    : { without: { count, why: 'a message may have ten attributes, and as many bytes as its queue allows' } };
