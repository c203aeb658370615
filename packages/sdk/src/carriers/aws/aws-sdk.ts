import { AwsInstrumentation } from '@opentelemetry/instrumentation-aws-sdk';
import type { Notices } from '../../settings/notices.ts';
import type { TracedLibrary } from '../traced-library.ts';
import { carrierMiddleware, type Middleware } from './carrier-middleware.ts';
import type { Input } from './carrying-commands.ts';

/**
 * Clients of the AWS SDK, version 3. Spans are OpenTelemetry's own; what they carry is ours, as a middleware of the
 * client. The clients are CommonJS for everybody, so that nothing is hooked for ES modules.
 */
export const awsSdk: TracedLibrary = {
  packages: [],
  instrumentation: ({ notices }) => new AwsSdkInstrumentation(notices),
};

class AwsSdkInstrumentation extends AwsInstrumentation {
  readonly #middleware: Middleware;

  constructor(notices: Notices) {
    super({
      // What OpenTelemetry would carry, it writes into this instead of the caller's own input.
      preRequestHook: (_span, { request }) => {
        if (WRITTEN_TO.has(request.serviceName)) request.commandInput = {};
      },
    });
    this.#middleware = carrierMiddleware(notices);
  }

  protected override patchV3SmithyClient(moduleExports: SmithyClientModule, version?: string): unknown {
    const patched = super.patchV3SmithyClient(moduleExports, version);
    const { prototype } = moduleExports.Client;
    const send = prototype.send;
    const carriers = new WeakSet<MiddlewareStack>();
    const add = (client: SmithyClient): void => {
      if (carriers.has(client.middlewareStack)) return;
      carriers.add(client.middlewareStack);
      client.middlewareStack.add(this.#middleware, {
        name: 'whenceCarrier',
        priority: 'low',
        override: true,
      });
    };
    prototype.send = function (command, ...args) {
      try {
        add(this);
      } catch {}
      return withInputAsItWas(command, () => send.call(this, command, ...args));
    };
    return patched;
  }
}

const WRITTEN_TO: ReadonlySet<string> = new Set(['SQS', 'SNS', 'Lambda']);

/** OpenTelemetry also asks for its attributes in the input of `ReceiveMessage`, before it calls any hook. */
const withInputAsItWas = <T>(command: Command, send: () => T): T => {
  const names = command?.input?.['MessageAttributeNames'];
  try {
    return send();
  } finally {
    const input = command?.input as Record<string, unknown> | undefined;
    if (input !== undefined && input['MessageAttributeNames'] !== names) {
      if (names === undefined) delete input['MessageAttributeNames'];
      else input['MessageAttributeNames'] = names;
    }
  }
};

interface Command {
  readonly input?: Input;
}

interface MiddlewareStack {
  add(middleware: Middleware, options: { name: string; priority: 'low'; override: true }): void;
}

interface SmithyClient {
  readonly middlewareStack: MiddlewareStack;
  send(command: Command, ...args: unknown[]): unknown;
}

interface SmithyClientModule {
  readonly Client: { readonly prototype: SmithyClient };
}
