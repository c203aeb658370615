import { mkdtempSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatReference, newRunId } from '@whence/model';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runApp, startApp } from './testkit/app-process.ts';
import { type FakeIssuer, fakeIssuer } from './testkit/fake-issuer.ts';
import type { SinkSpan } from './testkit/otlp-schema.ts';
import { type OtlpSink, otlpSink } from './testkit/otlp-sink.ts';

let sink: OtlpSink;
let issuer: FakeIssuer;
beforeAll(async () => {
  sink = await otlpSink();
  issuer = await fakeIssuer();
});
afterEach(() => {
  sink.clear();
  issuer.clear();
});
afterAll(async () => {
  await sink.close();
  await issuer.close();
});

const collected = () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: sink.url });
const issued = () => ({ ...collected(), WHENCE_ISSUER_URL: issuer.url, WHENCE_KEY: 'wk_1.secret' });

const below = (parent: SinkSpan, kind?: number): SinkSpan[] =>
  sink.spans.filter(
    (span) => span.parentSpanId === parent.spanId && (kind === undefined || span.kind === kind),
  );

describe.each(['clients.mjs', 'clients.cjs'])('--import @whence/sdk/register %s', (app) => {
  it('traces http, fetch and grpc, and each of them carries the run', async () => {
    const { code, stdout, stderr } = await runApp(app, issued());
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/^whence: tracing http, fetch, child_process, .*grpc-js \d.*\n$/),
    ]);
    const { reference, traceId, seen } = JSON.parse(stdout);
    const root = sink.named('clients');
    const client = 3;
    expect(
      below(root, client)
        .map(({ scope }) => scope.split('-').at(-1))
        .sort(),
    ).toEqual(['grpc', 'http', 'undici']);
    for (const name of ['http', 'fetch', 'grpc']) {
      const [traceparent, tracestate] = seen[name];
      expect([traceparent.slice(3, 35), tracestate]).toEqual([traceId, `whence=${reference}`]);
    }
    expect(sink.spans).toHaveLength(7);
    for (const span of sink.spans) {
      expect([span.traceId, span.traceState]).toEqual([traceId, `whence=${reference}`]);
    }
  });
});

describe('the key', () => {
  it('goes to the issuer and to the receiver of spans', async () => {
    await runApp('bursts.mjs', issued(), { args: ['1'] });
    expect(new Set(issuer.requests.map(({ authorization }) => authorization))).toEqual(
      new Set(['Bearer wk_1.secret']),
    );
    expect(sink.authorizations).toEqual(['Bearer wk_1.secret']);
  });

  it('does not replace an authorization of the receiver', async () => {
    await runApp(
      'bursts.mjs',
      { ...issued(), OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20abc' },
      { args: ['1'] },
    );
    expect(sink.authorizations).toEqual(['Basic abc']);
  });
});

describe('child processes', () => {
  it('are spans, and what they do is below them', async () => {
    const { code, stdout, stderr } = await runApp('children.mjs', { ...issued(), WHENCE_LOG: 'warn' });
    expect([code, stderr]).toEqual([0, '']);
    const { traceId, reference, said } = JSON.parse(stdout);
    const children = below(sink.named('children'));
    const started = [
      'spawn',
      'execFile',
      'exec',
      'execSync',
      'spawnSync',
      'execFileSync',
      'childEnv',
      'fork',
    ];
    const spanIds = started.map((how) => {
      const [traceparent, tracestate] = said[how].split(' ');
      expect([how, traceparent.slice(3, 35), tracestate]).toEqual([how, traceId, `whence=${reference}`]);
      return traceparent.slice(36, 52);
    });
    expect(new Set(spanIds).size).toBe(started.length);
    expect(children.map(({ spanId }) => spanId)).toEqual(expect.arrayContaining(spanIds));
    expect([said.own, said.missing]).toEqual(['the-callers own', 'ENOENT']);

    const [spawned] = children;
    expect(spawned).toMatchObject({
      name: 'node',
      kind: 3,
      attributes: {
        'process.executable.name': 'node',
        'process.command_line': expect.stringMatching(/ -- --password \*\*\* --token=\*\*\*$/),
        'process.exit.code': 0,
        'process.pid': expect.any(Number),
        'whence.cause': 'spawn',
      },
    });
    const failed = children.filter(({ status }) => status.code === 2);
    expect(failed.map(({ name, status }) => [name, status.message])).toEqual([
      ['node', 'exit code 3'],
      ['no-such-program', 'spawn /nowhere/no-such-program ENOENT'],
    ]);
  });
});

describe('child processes as only few start them', () => {
  it('behave as they would without tracing', async () => {
    const traced = await runApp('odd-children.mjs', { ...collected(), WHENCE_LOG: 'warn' });
    const untraced = await runApp('odd-children.mjs', {}, { flags: [] });
    expect([traced.code, traced.stdout]).toEqual([untraced.code, untraced.stdout]);
    expect(JSON.parse(traced.stdout)).toMatchObject({ signal: 'SIGKILL', shell: 'one two\n', failing: 4 });
    const children = below(sink.named('odd'));
    expect(children.map(({ name, status }) => [name, status.code])).toEqual([
      ['node', 2],
      ['node', 0],
      ['sh', 0],
      ['node', 0],
      ['sh', 2],
      ['no-such-program', 2],
      ['no-such-program', 2],
    ]);
    expect(children[0]!.attributes['whence.process.signal']).toBe('SIGKILL');
    expect(children[2]!.attributes['process.command_line']).toBe('/bin/sh -c "echo one two"');
  });
});

describe('a process that another one started', () => {
  it('goes on below it, in its run', async () => {
    const runId = newRunId();
    const reference = formatReference({ runId, proof: { kid: 'k1', mac: 'AAAAAAAAAAAAAAAA' } });
    const [traceId, spanId] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
    const app = startApp('started-by.mjs', {
      ...issued(),
      TRACEPARENT: `00-${traceId}-${spanId}-00`,
      TRACESTATE: `other=1,whence=${reference}`,
    });
    const { stdout } = await requested(app);
    expect(JSON.parse(stdout)).toMatchObject({
      current: { runId, reference, assurance: 'verified' },
      parentRunId: runId,
    });
    expect(issuer.requests[0]!.body).toMatchObject({ job: 'nested', trigger: 'parent', parent: reference });
    for (const name of ['of the parent', 'later', 'nested']) {
      expect(sink.named(name)).toMatchObject({ traceId, parentSpanId: spanId });
    }
    expect(sink.named('later').traceState).toBe(`other=1,whence=${reference}`);
    expect(sink.named('of a message')).toMatchObject({
      parentSpanId: '',
      traceState: '',
      links: [{ traceId: '1'.repeat(32) }],
    });
    const request = sink.named('GET');
    expect([request.parentSpanId, request.traceState]).toEqual(['', '']);
    expect(sink.named('in a request').parentSpanId).toBe(request.spanId);
  });

  /** A request from outside, with no traceparent: this process is not traced. */
  const requested = async (app: ReturnType<typeof startApp>) => {
    const { port } = JSON.parse(await app.line());
    await new Promise((resolve) =>
      get({ port, agent: false }, (response) => response.resume().on('end', resolve)),
    );
    return app.ended;
  };
});

describe('the end of a process', () => {
  it('loses nothing of 10,000 spans in one tick', async () => {
    const { code, stderr } = await runApp(
      'bursts.mjs',
      { ...issued(), WHENCE_LOG: 'warn' },
      { args: ['10000'] },
    );
    expect([code, stderr, sink.spans.length]).toEqual([0, '', 10_001]);
  });

  it('says how many spans process.exit() left behind', async () => {
    const { stderr } = await runApp('bursts.mjs', issued(), { args: ['2000', 'exit'] });
    const lost = Number(/(\d+) spans of this process were not exported/.exec(stderr)?.[1]);
    expect(lost + sink.spans.length).toBeGreaterThanOrEqual(2001);
    expect(lost).toBeGreaterThan(0);
  });

  it('says how many spans nobody took', async () => {
    const { code, stderr } = await runApp(
      'bursts.mjs',
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
        OTEL_EXPORTER_OTLP_TIMEOUT: '300',
        WHENCE_LOG: 'warn',
      },
      { args: ['1000'] },
    );
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining('whence: 1001 spans of this process were not exported\n'),
    ]);
  });

  describe('with a spool', () => {
    let spool: string;
    beforeAll(() => {
      spool = mkdtempSync(join(tmpdir(), 'whence-sdk-register-'));
    });
    afterAll(() => rmSync(spool, { recursive: true, force: true }));
    const spooled = (args: string[]) =>
      runApp('bursts.mjs', { ...collected(), WHENCE_SPOOL_DIR: spool }, { args });

    it.each([
      ['a receiver that is away', '1000', 503],
      ['a receiver that does not accept the credential', '1000', 401],
      ['process.exit()', '1000 exit', 200],
    ])('loses nothing: what is left by %s, the next process sends', async (_, args, status) => {
      sink.status = status;
      const { stderr } = await spooled(args.split(' '));
      expect(stderr).toMatch(/\d+ spans wait on disk for the next process/);
      sink.status = 200;
      await spooled(['1']);
      const sent = sink.spans.filter(({ name }) => /^a\d/.test(name)).map(({ spanId }) => spanId);
      expect([sent.length, new Set(sent).size]).toEqual([1001, 1001]);
    });

    it('loses nothing to a signal while the receiver is away, and ends at once', async () => {
      sink.status = 503;
      const environment = { ...collected(), WHENCE_SPOOL_DIR: spool, OTEL_SERVICE_NAME: 'the same' };
      const app = startApp('waits.mjs', environment);
      await app.said('waiting');
      app.child.kill('SIGTERM');
      expect(await app.ended).toMatchObject({ signal: 'SIGTERM' });
      sink.status = 200;
      await runApp('bursts.mjs', environment, { args: ['1'] });
      expect(sink.named('before the signal')).toBeDefined();
    });
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('exports before %s ends it, as that would have', async (name) => {
    const app = startApp('waits.mjs', collected());
    await app.said('waiting');
    app.child.kill(name);
    expect(await app.ended).toMatchObject({ code: null, signal: name });
    expect(sink.named('before the signal')).toBeDefined();
  });

  it.each([
    ['SIGTERM', 'cancelled', 'the process was ended by SIGTERM'],
    ['throw', 'failure', 'the process was ended by an error that nobody caught: boom at dawn'],
  ])('ends and exports what is under way: %s', async (how, outcome, reason) => {
    const app = startApp('cut-short.mjs', issued(), { args: [how] });
    await app.said('waiting');
    if (how === 'SIGTERM') app.child.kill('SIGTERM');
    await app.ended;
    expect(sink.named('under way').status).toEqual({ code: 2, message: `unfinished: ${reason}` });
    expect(sink.named('cut short').attributes['whence.run.outcome']).toBe(outcome);
    expect(issuer.requests.at(-1)!.body).toEqual({ outcome, message: reason });
  });

  it('exports what waits for nothing', async () => {
    const { code } = await runApp('cut-short.mjs', issued(), { args: ['forever'] });
    expect(code).toBe(13);
    for (const name of ['under way', 'cut short']) {
      expect(sink.named(name).status.message).toBe('unfinished: nothing was left to wait for');
    }
  });

  it('leaves a signal to a host that handles it', async () => {
    const app = startApp('waits.mjs', collected(), { args: ['own'] });
    await app.said('waiting');
    app.child.kill('SIGTERM');
    expect(await app.ended).toMatchObject({ code: 7, signal: null });
    expect(sink.named('before the signal')).toBeDefined();
  });

  it('ends at once on a second signal, whether or not the receiver answers', async () => {
    const app = startApp('waits.mjs', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' });
    await app.said('waiting');
    app.child.kill('SIGTERM');
    const began = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 100));
    app.child.kill('SIGTERM');
    expect(await app.ended).toMatchObject({ signal: 'SIGTERM' });
    expect(performance.now() - began).toBeLessThan(2000);
  });

  it('waits for nobody who waits for us (signal-exit)', async () => {
    const app = startApp('onlooked.mjs', collected());
    await app.said('waiting');
    app.child.kill('SIGTERM');
    expect(await app.ended).toMatchObject({ signal: 'SIGTERM' });
    expect(sink.named('before the signal')).toBeDefined();
  });

  it.each(['throw', 'rejection'])('exports before an error that nobody catches ends it: %s', async (how) => {
    const { code, stderr } = await runApp('crashes.mjs', collected(), { args: [how] });
    expect([code, stderr]).toEqual([1, expect.stringContaining('Error: boom at dawn')]);
    expect(sink.named('before the crash')).toBeDefined();
  });

  it('leaves such an error to a host that handles it', async () => {
    const { code } = await runApp('crashes.mjs', collected(), { args: ['handled'] });
    expect(code).toBe(5);
  });
});

describe('set-up', () => {
  it('happens once: later calls warn and give back the first', async () => {
    const { stdout, stderr } = await runApp('set-up-twice.mjs', { ...collected(), WHENCE_LOG: 'warn' });
    expect(stdout).toBe('true');
    expect(stderr.match(/whence\(\) was called before/g)).toHaveLength(2);
    expect(stderr).toContain('no issuer is configured');
    expect(stderr).toContain('1 span of this process was not exported');
    expect(sink.named('twice').attributes['whence.assurance']).toBe('asserted');
  });

  it('can be done in code, and then traces http as well', async () => {
    const { code, stderr } = await runApp('by-hand.mjs', issued(), { flags: [] });
    expect([code, stderr]).toEqual([0, '']);
    expect(sink.named('by hand').resource['service.name']).toBe('by-hand');
    expect(below(sink.named('by hand'), 3)).toHaveLength(1);
  });

  it('says nothing when it is told to', async () => {
    const { stderr } = await runApp('bursts.mjs', { ...collected(), WHENCE_LOG: 'silent' }, { args: ['1'] });
    expect(stderr).toBe('');
  });

  it('says every fault of its settings, and goes on', async () => {
    const env = { ...collected(), WHENCE_ISSUER_URL: 'gopher://x', OTEL_BSP_MAX_QUEUE_SIZE: 'many' };
    const { code, stderr } = await runApp('bursts.mjs', env, { args: ['1'] });
    expect(code).toBe(0);
    expect(stderr).toContain('WHENCE_ISSUER_URL is no http or https address');
    expect(stderr).toContain('OTEL_BSP_MAX_QUEUE_SIZE is "many"');
    expect(sink.spans).toHaveLength(2);
  });

  it('happens in each worker thread, and is said once', async () => {
    const { code, stderr } = await runApp('workers.mjs', collected());
    expect([code, stderr.match(/tracing/g)]).toEqual([0, ['tracing']]);
    expect(sink.spans.map(({ name }) => name)).toEqual(['in a worker', 'in the main thread']);
  });

  it('says that it traces nothing beside another SDK', async () => {
    const { code, stderr } = await runApp('second-sdk.mjs', issued(), { flags: [] });
    expect([code, stderr]).toEqual([0, expect.stringContaining('another OpenTelemetry SDK')]);
  });

  it('exports metrics where they are asked for, and traces no less', async () => {
    const { stdout, stderr } = await runApp('counts.mjs', {
      ...collected(),
      OTEL_METRICS_EXPORTER: 'console',
    });
    expect(stdout).toContain("name: 'jobs_done'");
    expect(stderr).toMatch(/^whence: tracing .*grpc-js \d/);
    expect(stderr).not.toContain('NOT');
    expect(sink.named('counted')).toBeDefined();
  });

  it('does nothing when OpenTelemetry is switched off', async () => {
    const { code } = await runApp('bursts.mjs', { ...issued(), OTEL_SDK_DISABLED: 'true' }, { args: ['1'] });
    expect([code, sink.spans.length]).toEqual([0, 0]);
    expect(issuer.requests).toHaveLength(2);
  });
});
