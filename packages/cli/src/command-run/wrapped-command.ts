import { basename } from 'node:path';
import { type CauseKind, commandLine, OTEL, type Trigger, WHENCE } from '@whence/model';
import { RunRefused, whence } from '@whence/sdk';
import { CliError } from '../cli-error.ts';
import type { Host } from '../host.ts';
import { isHttpUrl } from '../http-url.ts';
import { type ChildEnd, exitCodeOf, runChild } from './child.ts';
import { telemetryTarget } from './telemetry-target.ts';

export interface WrapOptions {
  readonly job: string;
  readonly principal?: string;
  readonly trigger?: Trigger;
  readonly authority?: string;
  readonly attempt?: number;
  readonly service?: string;
  readonly issuer?: string;
  /** Say which run it is, on stderr, before the command is run. */
  readonly verbose?: true;
}

/**
 * Runs a command as a run of its own: asks the issuer, gives the command its place in the trace, records it as an
 * action, ends the run, hands everything recorded over.
 *
 * @returns the command's exit code, as a shell would say it
 * @throws CliError `refused`: the issuer said no, and the command did not run
 */
export const wrapCommand = async (
  command: string,
  args: readonly string[],
  options: WrapOptions,
  host: Host,
): Promise<number> => {
  const statement = commandLine([command, ...args]);
  const { job, service, issuer: chosen, verbose, ...asked } = options;
  const issuer = issuerOf(chosen, host.env);
  Object.assign(host.env, telemetryTarget(host.env, issuer));
  const sdk = whence({
    ...(issuer === undefined ? {} : { issuerUrl: issuer }),
    ...serviceOf(service, job, host.env),
    ...(host.env['WHENCE_LOG'] ? {} : { log: 'warn' }),
  });
  try {
    await sdk.run({ job, ...asked }, ({ runId, assurance }) => {
      if (verbose) host.err(`whence: run ${runId}, ${assurance}\n`);
      return sdk.action(
        basename(command),
        { system: 'process', operation: 'exec', statement },
        async (span) => {
          span.setAttributes({
            [OTEL.processExecutable.key]: basename(command),
            [OTEL.processCommandLine.key]: statement,
            [WHENCE.cause.key]: 'spawn' satisfies CauseKind,
          });
          const end = await runChild(command, args, {
            env: sdk.childEnv(host.env),
            interactive: host.interactive,
          });
          if (end.status === 'exited') span.setAttribute(OTEL.processExitCode.key, end.code);
          if (end.status === 'signalled') span.setAttribute(WHENCE.processSignal.key, end.signal);
          if (exitCodeOf(end) !== 0) throw new CommandFailed(command, end);
        },
      );
    });
    return 0;
  } catch (error) {
    if (error instanceof RunRefused) throw new CliError('refused', refusalText(error, job), { cause: error });
    if (!(error instanceof CommandFailed)) throw error;
    if (!error.started) host.err(`whence: ${error.message}\n`);
    return exitCodeOf(error.end);
  } finally {
    await sdk.flush();
  }
};

/** A wrong address is no reason to go without an issuer: what should be verified would be asserted. */
const issuerOf = (option: string | undefined, env: NodeJS.ProcessEnv): string | undefined => {
  const text = option ?? (env['WHENCE_ISSUER_URL']?.trim() || undefined);
  if (text === undefined || isHttpUrl(text)) return text;
  const source = option === undefined ? 'WHENCE_ISSUER_URL' : '--issuer';
  throw new CliError('usage', `${source} ${text}: not an http or https address`);
};

/** Without a name of its own the service is the job; OpenTelemetry's own variables go before that. */
const serviceOf = (
  service: string | undefined,
  job: string,
  env: NodeJS.ProcessEnv,
): { readonly service?: string } => {
  if (service !== undefined) return { service };
  const named =
    env['OTEL_SERVICE_NAME'] || /(^|,)\s*service\.name=/.test(env['OTEL_RESOURCE_ATTRIBUTES'] ?? '');
  return named ? {} : { service: job };
};

const refusalText = ({ issuerCode, message }: RunRefused, job: string): string =>
  `run ${JSON.stringify(job)} refused${issuerCode === undefined ? '' : ` (${issuerCode})`}: ${message}`;

/** Makes the run and the action failures; the message is what their records say. */
class CommandFailed extends Error {
  readonly end: ChildEnd;

  constructor(command: string, end: ChildEnd) {
    super(failureText(command, end));
    this.name = 'CommandFailed';
    // It is recorded with the spans, and would tell of this program, not of the command.
    delete this.stack;
    this.end = end;
  }

  get started(): boolean {
    return this.end.status === 'exited' || this.end.status === 'signalled';
  }
}

const failureText = (command: string, end: ChildEnd): string => {
  switch (end.status) {
    case 'exited':
      return `${basename(command)} ended with exit code ${end.code}`;
    case 'signalled':
      return `${basename(command)} was ended by ${end.signal}`;
    case 'not_found':
      return `${command}: command not found`;
    case 'not_executable':
      return `${command}: cannot be executed (${end.reason})`;
  }
};
