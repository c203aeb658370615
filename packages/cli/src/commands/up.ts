import { resolve } from 'node:path';
import { Option } from 'commander';
import type { DefineCommand } from '../cli.ts';
import { CliError } from '../cli-error.ts';
import { isHttpUrl } from '../http-url.ts';
import { interrupted } from '../up/interrupted.ts';
import { localCredentials } from '../up/local-credentials.ts';
import { type Up, up } from '../up/up.ts';

interface UpCommandOptions {
  readonly data: string;
  readonly config?: string;
  readonly clickhouse?: string;
  readonly clickhousePort: number;
  readonly collectorPort: number;
  readonly grpcPort?: number | 'off';
  readonly queryPort: number;
}

export const defineUp: DefineCommand = (program, host) => {
  program
    .command('up')
    .description('Start the store, the collector with its issuer, and the query service, until Ctrl-C.')
    .addOption(new Option('--data <dir>', 'where everything is kept').default('.whence').env('WHENCE_HOME'))
    .option('--config <file>', 'credentials file; without one, a key for this machine is made')
    .option(
      '--clickhouse <url>',
      'a ClickHouse server instead of the embedded one (user and password: see below)',
      httpUrls,
    )
    .option('--clickhouse-port <port>', 'port of the embedded ClickHouse', port, 8123)
    .option('--collector-port <port>', 'OTLP/HTTP and issuer port', port, 4318)
    .option('--grpc-port <port>', 'OTLP/gRPC port; off: not served (default: 4317)', portOrOff)
    .option('--query-port <port>', 'query API port', port, 4320)
    .addHelpText(
      'after',
      `
Port 0 takes any free port; so does OTLP/gRPC where the collector's other port is 0. For --clickhouse,
WHENCE_CLICKHOUSE_USER, WHENCE_CLICKHOUSE_PASSWORD and WHENCE_CLICKHOUSE_DATABASE are read from the environment.
Everything is kept for ever, unless WHENCE_RETENTION says otherwise: see "whence retention --help".

Examples:
  whence up
  whence up --data /var/lib/whence --config whence.yaml
  whence up --clickhouse http://clickhouse:8123`,
    )
    .action(async (options: UpCommandOptions) => {
      const dataDir = resolve(options.data);
      const local = options.config === undefined ? await makeLocal(dataDir) : undefined;
      const running = await up({
        dataDir,
        configPath: resolve(options.config ?? local!.configPath),
        ports: {
          clickhouse: options.clickhousePort,
          collector: options.collectorPort,
          ...(options.grpcPort === undefined ? {} : { grpc: options.grpcPort }),
          query: options.queryPort,
        },
        ...(options.clickhouse === undefined ? {} : { clickhouse: { url: options.clickhouse } }),
        environment: host.env,
        onLine: (line) => host.out(`${line}\n`),
      });
      if (local !== undefined) {
        host.out(firstSteps(whenceIn(host.env), local.keyPath, running));
      }
      const failure = await Promise.race([interrupted(), running.failed]);
      host.out('\nstopping\n');
      await running.stop();
      if (failure !== undefined) {
        throw new CliError('unavailable', `${failure}; its log is in ${dataDir}`);
      }
    });
};

const makeLocal = async (dataDir: string) => {
  try {
    return await localCredentials(dataDir);
  } catch (error) {
    throw new CliError(
      'unavailable',
      `data directory ${dataDir} cannot be used: ${error instanceof Error ? error.message : error}`,
    );
  }
};

/** How this program is called from the shell that started it: by a script of the workspace, or by its name. */
const whenceIn = (env: NodeJS.ProcessEnv): string =>
  ['start', 'whence'].includes(env['npm_lifecycle_event'] ?? '') ? 'npm run -s whence --' : 'whence';

const firstSteps = (whence: string, keyPath: string, { collector, query }: Up): string => `
Run something, and ask what it did:
  export WHENCE_KEY=$(cat '${keyPath}')
  ${whence} run --verbose --job hello --issuer ${collector.url} -- date
  curl -s '${query.url}/v1/actions?limit=10'
`;

/** One or several, separated by commas. */
const httpUrls = (text: string): string => {
  if (!text.split(',').every((each) => isHttpUrl(each.trim())))
    throw new CliError('usage', `--clickhouse ${text}: not an http or https address`);
  return text;
};

const portOrOff = (text: string): number | 'off' => (text === 'off' ? text : port(text));

const port = (text: string): number => {
  const value = Number(text);
  if (!/^\d{1,5}$/.test(text) || value > 65_535) throw new CliError('usage', `port ${text}: 0 to 65535`);
  return value;
};
