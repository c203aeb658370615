import { basename } from 'node:path';
import { redefinable } from './redefinable.ts';

type Handler = (this: unknown, ...given: unknown[]) => unknown;

/**
 * The exports of a Lambda function's module with its handler traced. OpenTelemetry's throws at an event that is null:
 * such an invocation goes to the function's own, untraced.
 *
 * @throws where the module has no such handler
 */
export const withTracedHandler = (exported: object, trace: (exported: object) => object): object => {
  const [, name = ''] = basename(process.env['_HANDLER'] ?? '').split('.');
  const own = (exported as Readonly<Record<string, unknown>>)[name];
  if (!isHandler(own)) throw new TypeError(`the module exports no function ${name}`);
  const patched = trace(redefinable(exported)) as Record<string, unknown>;
  const traced = patched[name];
  if (!isHandler(traced)) throw new TypeError(`${name} was lost`);
  const handler: Handler = function (...given) {
    return given[0] == null ? own.apply(this, given) : traced.apply(this, given);
  };
  Object.defineProperty(patched, name, { value: Object.assign(handler, traced), writable: true });
  return patched;
};

const isHandler = (value: unknown): value is Handler => typeof value === 'function';
