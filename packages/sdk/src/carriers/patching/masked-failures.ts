import type { Exception, Span } from '@opentelemetry/api';
import { messageOf } from '../../runs/failure.ts';

/** A server's words without what it quotes, which may be a value: `Duplicate entry ? for key …`. */
export const failureText = (message: string): string => {
  const masked = message.slice(0, MAX_LENGTH).replace(QUOTED, '?');
  return message.length <= MAX_LENGTH ? masked : masked.replace(NEVER_CLOSED, '?');
};

const MAX_LENGTH = 1000;
/** From the first quote to the last: what is quoted may have quotes in it. */
const QUOTED = /(["'`]).*\1|\{.*\}/gs;
const NEVER_CLOSED = /["'`{].*$/s;

/** Lets `span` record failures without the values that servers quote in them. */
export const maskFailures = (span: Span): void => {
  if (!span.isRecording()) return;
  const { setStatus, recordException } = span;
  span.setStatus = (status) =>
    setStatus.call(
      span,
      status.message === undefined ? status : { ...status, message: failureText(status.message) },
    );
  span.recordException = (exception, time) => recordException.call(span, masked(exception), time);
};

/** Its stack begins with the message. */
const masked = (exception: Exception): Exception => {
  const message = failureText(messageOf(exception));
  const { name, code } = exception as { name?: string; code?: string | number };
  return {
    message,
    ...(name === undefined ? {} : { name }),
    ...(code === undefined ? {} : { code }),
  } as Exception;
};
