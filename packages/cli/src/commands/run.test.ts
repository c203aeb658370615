import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatReference, newRunId, parseReference, referenceIn } from '@whence/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FakeCollector, startFakeCollector } from '../testkit/fake-collector.ts';
import { startWhence, whence } from '../testkit/whence-process.ts';

let collector: FakeCollector;
let folder: string;
beforeAll(async () => {
  collector = await startFakeCollector();
  folder = await mkdtemp(join(tmpdir(), 'whence-run-'));
});
afterAll(async () => {
  await collector[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const script = (code: string): string[] => ['--', process.execPath, '-e', code];
const wrapped = (job: string, ...rest: string[]): string[] => [
  'run',
  '--job',
  job,
  '--issuer',
  collector.url,
  ...rest,
];
const keyed = () => ({ WHENCE_KEY: collector.key });
const recordsOf = (job: string) => collector.records.filter(({ run }) => run.job === job);
const spansOf = (job: string) => {
  const [first] = recordsOf(job);
  const reference = collector.spans.find(({ name }) => name === job)?.traceState;
  expect(first).toBeDefined();
  return collector.spans.filter(({ traceState }) => traceState === reference);
};

describe('whence run', () => {
  it('starts a run, records the command in it, ends it, and hands back stdout, stderr and 0', async () => {
    const code = 'console.log(JSON.stringify(process.env)); console.error("on stderr")';
    const ended = await whence(
      wrapped('nightly-a', '--trigger', 'schedule', '--attempt', '2', ...script(code)),
      keyed(),
    );
    expect(ended).toMatchObject({ code: 0, stderr: 'on stderr\n' });

    const [started, over] = recordsOf('nightly-a');
    expect(started).toMatchObject({
      record: 'started',
      run: {
        trigger: 'schedule',
        attempt: 2,
        principal: { id: 'k8s://test/jobs/nightly' },
        authority: { id: 'policy:nightly@3' },
        assurance: 'verified',
      },
    });
    expect(over).toMatchObject({ record: 'ended', run: { id: started!.run.id, outcome: 'success' } });

    const spans = spansOf('nightly-a');
    const command = spans.find(({ attributes }) => attributes['whence.action.system'] === 'process')!;
    const root = spans.find(({ name }) => name === 'nightly-a')!;
    expect(spans).toHaveLength(2);
    expect(root).toMatchObject({ parentSpanId: '', service: 'nightly-a', statusCode: 0 });
    expect(root.attributes).toMatchObject({
      'whence.run.id': started!.run.id,
      'whence.run.outcome': 'success',
    });
    expect(command).toMatchObject({ parentSpanId: root.spanId, name: 'node', statusCode: 0 });
    expect(command.attributes).toMatchObject({
      'whence.action.operation': 'exec',
      'whence.action.statement': expect.stringContaining('on stderr'),
      'process.executable.name': 'node',
      'process.exit.code': '0',
    });
    expect(command.durationNanos).toBeGreaterThan(1e6);
    expect(collector.spanSenders).toEqual(new Set([`Bearer ${collector.key}`]));

    const env = JSON.parse(ended.stdout) as Record<string, string>;
    expect(env['TRACEPARENT']).toBe(`00-${command.traceId}-${command.spanId}-01`);
    const reference = parseReference(referenceIn(env['TRACESTATE']!)!);
    expect(reference).toMatchObject({ reference: { runId: started!.run.id, proof: { kid: 'k1' } } });
    expect(env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']).toBe(`${collector.url}/v1/traces`);
    expect(env['OTEL_SERVICE_NAME']).toBeUndefined();
  });

  it('hands back the exit code, and records a failure', async () => {
    const ended = await whence(wrapped('nightly-b', ...script('process.exit(3)')), keyed());
    expect(ended).toMatchObject({ code: 3, stdout: '', stderr: '' });
    expect(recordsOf('nightly-b')[1]).toMatchObject({
      run: { outcome: 'failure', message: 'node ended with exit code 3' },
    });
    const command = spansOf('nightly-b').find(({ name }) => name === 'node');
    expect(command).toMatchObject({ statusCode: 2, attributes: { 'process.exit.code': '3' } });
  });

  it('leaves the arguments after -- alone, and needs no -- before a command', async () => {
    const argv = ['-e', 'console.log(process.argv.slice(1).join("|"))', '--', '--job', '-x', 'a b', ''];
    const after = await whence(wrapped('nightly-c', '--', process.execPath, ...argv), keyed());
    expect(after.stdout).toBe('--job|-x|a b|\n');
    const without = await whence(wrapped('nightly-c', process.execPath, ...argv), keyed());
    expect(without.stdout).toBe('--job|-x|a b|\n');
  });

  it('keeps where traces go as others set it, and puts no key into the variables for it', async () => {
    await using elsewhere = await startFakeCollector();
    const ended = await whence(wrapped('nightly-d', ...script('console.log(JSON.stringify(process.env))')), {
      ...keyed(),
      OTEL_EXPORTER_OTLP_ENDPOINT: elsewhere.url,
      OTEL_SERVICE_NAME: 'backup',
    });
    expect(elsewhere.spans.map(({ service }) => service)).toEqual(['backup', 'backup']);
    const env = JSON.parse(ended.stdout) as Record<string, string>;
    expect(env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']).toBeUndefined();
    expect(env['OTEL_EXPORTER_OTLP_TRACES_HEADERS']).toBeUndefined();
  });

  it('records no secret that the command line names as one', async () => {
    await whence(
      wrapped('nightly-k', '--', 'true', '--password', 'hunter2', 'postgres://a:hunter2@db'),
      keyed(),
    );
    const spans = spansOf('nightly-k');
    expect(JSON.stringify(spans)).not.toContain('hunter2');
    expect(spans.find(({ name }) => name === 'true')?.attributes).toMatchObject({
      'whence.action.statement': 'true --password *** postgres://a:***@db',
      'process.command_line': 'true --password *** postgres://a:***@db',
    });
  });

  it('is a child of the run that it is started in', async () => {
    const inner = JSON.stringify(wrapped('nightly-f', '--', 'true'));
    const main = JSON.stringify(new URL('../main.ts', import.meta.url).pathname);
    const code = `require('node:child_process').execFileSync(process.execPath, [${main}, ...${inner}])`;
    expect(await whence(wrapped('nightly-e', ...script(code)), keyed())).toMatchObject({
      code: 0,
      stderr: '',
    });
    const [outer] = recordsOf('nightly-e');
    const [nested] = recordsOf('nightly-f');
    expect(nested!.run).toMatchObject({ parentId: outer!.run.id, rootId: outer!.run.id, trigger: 'parent' });
    const command = spansOf('nightly-e').find(({ name }) => name === 'node')!;
    expect(spansOf('nightly-f').find(({ name }) => name === 'nightly-f')?.parentSpanId).toBe(command.spanId);
  });
});

describe('whence run, when the issuer', () => {
  it.each([
    ['does not allow the job', 'payout', [], 'job_not_allowed', 'nightly-*'],
    [
      'does not allow the principal',
      'nightly-x',
      ['--principal', 'user:dana'],
      'principal_not_allowed',
      'user:dana',
    ],
    [
      'does not allow the authority',
      'nightly-x',
      ['--authority', 'policy:other@1'],
      'authority_not_allowed',
      'policy:other@1',
    ],
  ])('%s: says why, does not run the command, and ends with 77', async (_, job, options, code, says) => {
    const ended = await whence(wrapped(job, ...options, ...script('console.log("ran")')), keyed());
    expect(ended).toMatchObject({ code: 77, stdout: '' });
    expect(ended.stderr).toMatch(/^whence: run .* refused/);
    expect(ended.stderr).toContain(code);
    expect(ended.stderr).toContain(says);
    expect(recordsOf(job)).toEqual([]);
  });

  it('does not know the key: the same', async () => {
    const ended = await whence(wrapped('nightly-x', ...script('console.log("ran")')), {
      WHENCE_KEY: 'whk_wrong',
    });
    expect(ended).toMatchObject({ code: 77, stdout: '' });
    expect(ended.stderr).toContain('unauthenticated');
    expect(ended.stderr).not.toContain('whk_wrong');
  });

  it('refutes the run that it is started in: the same', async () => {
    const forged = `${formatReference({ runId: newRunId() })}.k1.AAAAAAAAAAAAAAAA`;
    const ended = await whence(wrapped('nightly-x', ...script('console.log("ran")')), {
      ...keyed(),
      TRACEPARENT: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
      TRACESTATE: `whence=${forged}`,
    });
    expect(ended).toMatchObject({ code: 77, stdout: '' });
    expect(ended.stderr).toContain('parent_refuted');
  });

  it('has no proper address in the environment: 2, and does not run the command', async () => {
    const ended = await whence(['run', '--job', 'x', ...script('console.log("ran")')], {
      WHENCE_ISSUER_URL: 'collector:4318',
    });
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toContain('WHENCE_ISSUER_URL collector:4318');
  });

  it('cannot be reached: says so, and runs the command as an asserted run', async () => {
    const ended = await whence(
      [
        'run',
        '--job',
        'nightly-g',
        '--issuer',
        'http://127.0.0.1:9',
        ...script('console.log(process.env.TRACESTATE)'),
      ],
      { ...keyed(), OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
    );
    expect(ended.code).toBe(0);
    expect(ended.stderr).toMatch(/issuer cannot be reached.*asserted/);
    expect(ended.stdout).toMatch(/^whence=[A-Za-z0-9_-]{22}\n$/);
    const span = collector.spans.find(({ name }) => name === 'nightly-g');
    expect(span?.attributes).toMatchObject({ 'whence.assurance': 'asserted', 'whence.run.job': 'nightly-g' });
  });
});

describe('whence run, when the command', () => {
  it('is not found: 127, recorded', async () => {
    const ended = await whence(wrapped('nightly-h', '--', 'no-such-command-here'), keyed());
    expect(ended).toMatchObject({ code: 127, stderr: 'whence: no-such-command-here: command not found\n' });
    expect(recordsOf('nightly-h')[1]).toMatchObject({ run: { outcome: 'failure' } });
  });

  it('is not executable: 126', async () => {
    const path = join(folder, 'plain.txt');
    await writeFile(path, 'text');
    await chmod(path, 0o644);
    const ended = await whence(wrapped('nightly-i', '--', path), keyed());
    expect(ended).toMatchObject({ code: 126, stderr: `whence: ${path}: cannot be executed (EACCES)\n` });
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'handles %s: it gets it, and its exit code counts',
    async (signal) => {
      const job = `nightly-${signal.toLowerCase()}`;
      const code = `process.on('${signal}', () => { console.log('got it'); process.exit(9); }); setInterval(() => {}, 1000); console.log('ready')`;
      const running = startWhence(wrapped(job, ...script(code)), keyed());
      await running.printed('ready');
      running.process.kill(signal);
      expect(await running.ended).toMatchObject({ code: 9, stdout: 'ready\ngot it\n' });
      expect(recordsOf(job)[1]).toMatchObject({ run: { outcome: 'failure' } });
    },
  );

  it('does not handle a signal: 128 + its number, and the signal is recorded', async () => {
    const running = startWhence(
      wrapped('nightly-j', ...script('setInterval(() => {}, 1000); console.log("ready")')),
      keyed(),
    );
    await running.printed('ready');
    running.process.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ code: 143, signal: null });
    const command = spansOf('nightly-j').find(({ name }) => name === 'node');
    expect(command).toMatchObject({
      statusCode: 2,
      attributes: { 'whence.process.signal': 'SIGTERM' },
    });
    expect(recordsOf('nightly-j')[1]).toMatchObject({ run: { message: 'node was ended by SIGTERM' } });
  });
});
