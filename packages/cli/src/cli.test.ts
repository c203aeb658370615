import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from './cli.ts';
import { type FakeApi, startFakeApi } from './testkit/fake-api.ts';
import { fakeHost } from './testkit/fake-host.ts';
import { tree, who } from './testkit/nightly.ts';

const RUN = tree.run.id;
let api: FakeApi;
beforeEach(async () => {
  api = await startFakeApi();
});
afterEach(() => api[Symbol.asyncDispose]());

const cli = (...args: string[]) => cliWith({}, ...args);

const cliWith = async (env: NodeJS.ProcessEnv, ...args: string[]) => {
  const host = fakeHost({ WHENCE_API_URL: api.url, ...env });
  return { code: await runCli(args, host), out: host.stdout(), err: host.stderr() };
};

describe('whence retention', () => {
  const NONE = { rows: 0, bytes: 0, tables: [] };
  const retention = {
    tiers: [
      {
        tier: 'spans',
        days: 30,
        rows: 12_400_000,
        bytes: 1_444_000_000,
        oldest: '2026-03-01T03:14:08.000Z',
        nextGoes: '2126-03-31T03:14:08.000Z',
        tables: [{ table: 'otel_traces', days: 30, rows: 12_400_000, bytes: 1_444_000_000 }],
      },
      { tier: 'causes', days: 1, nextGoes: '2026-03-01T03:14:08.000Z', ...NONE },
      {
        tier: 'runs',
        ...NONE,
        tables: [{ table: 'gaps', otherTtl: 'x + toIntervalDay(1)\u001b[2J', rows: 0, bytes: 0 }],
      },
    ],
  };

  it('shows a line for each tier, and what was set by hand', async () => {
    api.answer(200, retention);
    const { code, out } = await cli('retention');
    expect([code, api.asked]).toEqual([0, ['/v1/retention']]);
    expect(out).toBe(`\
TIER    KEPT      OLDEST      NEXT GOES         ROWS  ON DISK
spans   30 days   2026-03-01  2126-03-31  12,400,000   1.4 GB
causes  1 day                 due                  0      0 B
runs    for ever                                   0      0 B
gaps has a TTL that was set by hand: x + toIntervalDay(1)\uFFFD
`);
  });

  it('prints the whole answer with --json', async () => {
    api.answer(200, { tiers: retention.tiers.slice(0, 2) });
    const { out } = await cli('retention', '--json');
    expect(JSON.parse(out)).toEqual({ tiers: retention.tiers.slice(0, 2) });
  });

  it('says who may ask, to whoever may not', async () => {
    api.answer(403, { detail: 'role admin is needed.' });
    const { code, err } = await cli('retention');
    expect(code).toBe(77);
    expect(err).toContain('role admin is needed. No key was sent');
  });
});

describe('whence who', () => {
  it.each([
    [['--span', '00F067AA0BA902B7'], '/v1/who?span=00f067aa0ba902b7'],
    [['--trace', 'a'.repeat(32)], `/v1/who?trace=${'a'.repeat(32)}`],
    [
      ['--span', '00f067aa0ba902b7', '--trace', 'b'.repeat(32)],
      `/v1/who?span=00f067aa0ba902b7&trace=${'b'.repeat(32)}`,
    ],
    [['--run', RUN.toUpperCase()], `/v1/who?run=${RUN}`],
    [
      ['--target', 'postgresql://db/bank', '--below', '--at', '2026-03-01T03:14:08Z', '--within', '10m'],
      '/v1/who?target=postgresql%3A%2F%2Fdb%2Fbank&at=2026-03-01T03%3A14%3A08Z&within=10m&below=true',
    ],
    [['--statement', 'SELECT 1'], '/v1/who?statement=SELECT+1'],
    [['00F067AA0BA902B7'], '/v1/who?span=00f067aa0ba902b7'],
    [
      [`00-${'b'.repeat(32)}-00f067aa0ba902b7-01`, '--as-of', '2026-03-01T03:14:08Z'],
      `/v1/who?span=00f067aa0ba902b7&trace=${'b'.repeat(32)}&asOf=2026-03-01T03%3A14%3A08Z`,
    ],
    [
      ['postgresql://db/bank', '--at', '2026-03-01T03:14:08Z', '--below'],
      '/v1/who?target=postgresql%3A%2F%2Fdb%2Fbank&at=2026-03-01T03%3A14%3A08Z&below=true',
    ],
    [['--span', '00f067aa0ba902b7', '--at', 'now'], '/v1/who?span=00f067aa0ba902b7&at=now'],
    [['UPDATE t SET a = 1'], '/v1/who?statement=UPDATE+t+SET+a+%3D+1'],
  ])('asks with %j', async (options, path) => {
    api.answer(200, who);
    const { code, out, err } = await cli('who', ...options);
    expect({ code, err, asked: api.asked }).toEqual({ code: 0, err: '', asked: [path] });
    expect(out).toMatch(/^INSERT INTO charges was caused by .*\n\nprincipal {2}k8s:/);
  });

  it('asks the address that --api says, and prints the whole answer with --json', async () => {
    await using other = await startFakeApi();
    other.answer(200, who);
    const { code, out } = await cli('who', '--run', RUN, '--api', `${other.url}/`, '--json');
    expect([code, JSON.parse(out), other.asked, api.asked]).toEqual([0, who, [`/v1/who?run=${RUN}`], []]);
  });

  it('ends with 4 and what the service says where there is no such action', async () => {
    api.answer(404, { code: 'span_unknown', detail: 'no span 00f067aa0ba902b7\u001b[2J was received' });
    expect(await cli('who', '--span', '00f067aa0ba902b7')).toEqual({
      code: 4,
      out: '',
      err: 'whence: no span 00f067aa0ba902b7\uFFFD was received\n',
    });
  });

  it.each([
    [['who'], 'say of what'],
    [['who', '--span', 'xyz'], 'not 16 hex digits'],
    [['who', '--trace', '00f067aa0ba902b7'], 'not 32 hex digits'],
    [['who', '--run', 'nightly'], 'not a run id'],
    [['who', '--span', '00f067aa0ba902b7', '--run', RUN], 'cannot be used with'],
    [['who', '--target', 'x', '--run', RUN], 'cannot be used with'],
    [['who', '--spam', 'x'], "unknown option '--spam'"],
    [['who', 'me'], 'me: say of what'],
    [['who', 'me', 'too'], 'too many arguments'],
    [['who', '00f067aa0ba902b7', '--run', RUN], 'beside --run'],
    [['who', '--run', RUN, '--api', 'localhost'], 'not an http or https address'],
    [['tree'], 'run-id'],
    [['tree', 'nightly'], 'not a run id'],
    [['key', 'new', 'Not_Valid'], '1 to 40'],
    [['key', 'new', 'ok', '--actor', 'me'], 'not a URI'],
    [['run', '--', 'true'], '--job'],
    [['run', '--job', 'x'], 'command'],
    [['run', '--job', 'x', '--trigger', 'cron', '--', 'true'], 'schedule'],
    [['run', '--job', 'x', '--attempt', '0', '--', 'true'], 'from 1'],
    [['run', '--job', 'x', '--issuer', 'ftp://x', '--', 'true'], 'http'],
    [['run', '--job', 'x', '--principal', 'me', '--', 'true'], 'URI'],
    [['up', '--clickhouse', 'clickhouse:8123'], 'not an http or https address'],
    [['up', '--query-port', 'http'], '0 to 65535'],
    [['whoo'], 'Did you mean who?'],
    [[], 'Usage:'],
  ])('%j ends with 2 and says %j', async (args, says) => {
    const { code, out, err } = await cli(...args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(says);
    expect(api.asked).toEqual([]);
  });

  it.each([
    ['a failing service', 500, { detail: 'the store does not answer' }, 69, 'the store does not answer'],
    ['no Whence', 200, { hello: 'world' }, 1, 'is that Whence?'],
    ['no JSON', 200, undefined, 1, 'without JSON'],
  ])('says what came from %s', async (_, status, body, code, says) => {
    api.answer(status, body);
    const ended = await cli('who', '--run', RUN);
    expect(ended.code).toBe(code);
    expect(ended.err).toContain(says);
  });

  it.each([
    [401, 'Send a key.', {}, 'Send a key. No key was sent: set WHENCE_KEY'],
    [401, 'Not recognised.', { WHENCE_KEY: 'whk_a_b' }, 'Not recognised. The key that was sent'],
    [403, 'Not for a reader.', { WHENCE_KEY: 'whk_a_b' }, 'whence.yaml needs the role'],
  ])('ends with 77 at %i, and says what to do: %s', async (status, detail, env, says) => {
    api.answer(status, { detail });
    const ended = await cliWith(env, 'who', '--run', RUN);
    expect(ended.code).toBe(77);
    expect(ended.err).toContain(says);
    expect(ended.err).not.toContain('whk_a_b');
  });

  it('sends the key of WHENCE_KEY, or that of --key-file, and nothing where there is none', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'whence-cli-'));
    const path = join(directory, 'local.key');
    await writeFile(path, 'whk_of_file\n');
    api.answer(200, who);
    await cliWith({}, 'who', '--run', RUN);
    await cliWith({ WHENCE_KEY: 'whk_of_env' }, 'who', '--run', RUN);
    await cliWith({ WHENCE_KEY: 'whk_of_env' }, 'who', '--run', RUN, '--key-file', path);
    expect(api.keys).toEqual([undefined, 'Bearer whk_of_env', 'Bearer whk_of_file']);
    expect(await cli('who', '--run', RUN, '--key-file', join(directory, 'none'))).toMatchObject({
      code: 2,
      err: expect.stringContaining('--key-file'),
    });
    await rm(directory, { recursive: true });
  });

  it('says where nothing answers', async () => {
    const ended = await cli('who', '--run', RUN, '--api', 'http://127.0.0.1:9');
    expect(ended).toMatchObject({
      code: 69,
      err: expect.stringContaining('http://127.0.0.1:9 cannot be reached'),
    });
  });
});

describe('whence tree', () => {
  it('draws the run', async () => {
    api.answer(200, tree);
    const { code, out } = await cli('tree', RUN);
    expect([code, api.asked]).toEqual([0, [`/v1/runs/${RUN}/tree`]]);
    expect(out).toContain('└─ spawn → run nightly-report');
  });

  it('prints the answer with --json, and ends with 4 where there is no such run', async () => {
    api.answer(200, tree);
    expect(JSON.parse((await cli('tree', RUN, '--json')).out)).toEqual(tree);
    api.answer(404, { detail: `no run ${RUN}` });
    expect(await cli('tree', RUN)).toEqual({ code: 4, out: '', err: `whence: no run ${RUN}\n` });
  });
});

describe('whence key new', () => {
  it('prints the key once, and an entry that has its hash and not the key', async () => {
    const { code, out } = await cli('key', 'new', 'scheduler', '--actor', 'k8s://prod/jobs/scheduler');
    expect(code).toBe(0);
    expect(out.match(/whk_scheduler_[A-Za-z0-9_-]{43}\n/g)).toHaveLength(1);
    expect(out).toMatch(/ {2}- id: scheduler\n {4}hash: sha256:[0-9a-f]{64}\n {4}actor: "k8s:\/\/prod/);
    expect(out).toMatch(/\n {4}created: \d{4}-\d\d-\d\d\n {4}grants/);
  });

  it('prints an entry of who asks, with --role, and knows which roles there are', async () => {
    const { out } = await cli('key', 'new', 'grafana', '--role', 'reader');
    expect(out).toMatch(/actor: "k8s:\S+"\n {4}created: \S+\n {4}role: reader\n$/);
    expect(await cli('key', 'new', 'grafana', '--role', 'root')).toMatchObject({
      code: 2,
      err: expect.stringContaining('reader, auditor, admin'),
    });
  });

  it('prints when it is to be replaced, with --rotate-after', async () => {
    const { out } = await cli('key', 'new', 'ci', '--rotate-after', '90');
    const [, created, rotateAfter] = /created: (\S+)\n {4}rotateAfter: (\S+)\n/.exec(out) ?? [];
    expect(Date.parse(rotateAfter!) - Date.parse(created!)).toBe(90 * 86_400_000);
    for (const days of ['0', 'x', '1.5']) {
      expect(await cli('key', 'new', 'ci', '--rotate-after', days)).toMatchObject({ code: 2 });
    }
  });

  it('prints JSON for scripts', async () => {
    const { out } = await cli('key', 'new', 'ci', '--json');
    expect(JSON.parse(out)).toMatchObject({ id: 'ci', key: expect.stringMatching(/^whk_ci_/) });
  });
});

describe('whence --help', () => {
  it.each([['--help'], ['run', '--help'], ['who', '--help'], ['tree', '--help'], ['key', 'new', '--help']])(
    '%s %s %s goes to stdout and ends with 0',
    async (...args) => {
      const { code, out, err } = await cli(...args);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toContain('Usage: whence');
      if (args.length > 1) expect(out).toContain('Examples:');
    },
  );

  it('has a version', async () => {
    expect(await cli('--version')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });
});
