import { context, type Span, trace } from '@opentelemetry/api';
import { WHENCE } from '@whence/model';
import type { Notices } from '../../settings/notices.ts';
import { carrierOf } from '../carrier.ts';
import { CARRYING_COMMANDS, type Input } from './carrying-commands.ts';

/** As the AWS SDK has it, which calls it once a command: not again for each attempt. */
export type Middleware = (next: Next, command: CommandNames) => Next;

interface CommandNames {
  readonly clientName?: string;
  readonly commandName?: string;
}

type Next = (args: { readonly input: Input }) => Promise<unknown>;

/** Sends what a command carries of the active span and run: W3C trace context, never baggage or tokens. */
export const carrierMiddleware =
  (notices: Notices): Middleware =>
  (next, { clientName, commandName }) => {
    const carry = CARRYING_COMMANDS[`${clientName} ${commandName}`];
    if (carry === undefined) return next;
    return (args) => {
      let { input } = args;
      try {
        const active = context.active();
        const carrying = carry(input, carrierOf(active));
        input = carrying.input;
        if (carrying.without !== undefined)
          tell(notices, commandName!, carrying.without, trace.getSpan(active));
      } catch (error) {
        notices.warnOnce('aws carrier', `an AWS request left as it was, without the run: ${error}`);
      }
      return next({ ...args, input });
    };
  };

/** Each time in the record, once on stderr. */
const tell = (
  notices: Notices,
  commandName: string,
  { count, why }: { readonly count: number; readonly why: string },
  span: Span | undefined,
): void => {
  span?.setAttribute(WHENCE.uncarried.key, count);
  const command = commandName.replace(/Command$/, '');
  notices.warnOnce(
    `aws uncarried ${command} ${why}`,
    `${command} left without the run: ${why}. What it causes is nobody's, here and each further time; ` +
      `${WHENCE.uncarried.key} on the spans counts them`,
  );
};
