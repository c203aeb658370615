import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runApp } from '../../testkit/app-process.ts';
import { type FakeIssuer, fakeIssuer } from '../../testkit/fake-issuer.ts';
import { type OtlpSink, otlpSink } from '../../testkit/otlp-sink.ts';

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

const REFUSED = { status: 403, body: { code: 'job_not_allowed', detail: 'no grant allows it' } };

/** What the app heard, when it did it this way. */
const heard = async (way: string): Promise<{ said: unknown; stderr: string }> => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, WHENCE_ISSUER_URL: issuer.url, WHENCE_LOG: 'warn' };
  const { stdout, stderr } = await runApp('ticks.mjs', env, { args: [way] });
  return { said: JSON.parse(stdout || '{}')[way], stderr };
};

const quietly = async (way: string): Promise<unknown> => {
  const { said, stderr } = await heard(way);
  expect(stderr).toBe('');
  return said;
};

describe('a schedule', () => {
  it('that is called by hand runs in the run of who calls it', async () => {
    expect(await quietly('by hand')).toEqual(['by hand', 'by hand', 'by hand']);
  });

  it('hears of errors as ever, and so does the run', async () => {
    expect(await quietly('errors')).toEqual([
      'failed in croner',
      'failed in node-cron',
      'failed in node-schedule',
    ]);
    for (const name of ['croner', 'node-cron', 'node-schedule']) {
      expect(sink.named(name)).toMatchObject({
        parentSpanId: '',
        status: { code: 2, message: `failed in ${name}` },
        links: [{ spanId: sink.named('arms').spanId, attributes: { 'whence.cause': 'schedule' } }],
      });
    }
  });

  it('goes on where the issuer refuses a run that nobody asked for; `scheduled` does not', async () => {
    issuer.answers.push(REFUSED, REFUSED);
    const { said, stderr } = await heard('refused');

    expect(said).toEqual(expect.arrayContaining(['job_not_allowed', 'nobody', 2]));
    expect(stderr).toBe(
      'whence: the issuer refused a run of "forbidden" (no grant allows it): its ticks are actions of nobody\n',
    );
    expect(sink.named('forbidden')).toMatchObject({
      parentSpanId: '',
      traceState: '',
      links: [{ spanId: sink.named('arms').spanId }],
    });
  });

  it('is not run by whoever cancels another, and so arms its timer', async () => {
    expect(await quietly('rearmed')).toEqual(['late', 'run heard by nobody']);
  });

  it('may overlap: each tick is a run of its own, with arguments and results as they are', async () => {
    expect(await quietly('overlapping')).toEqual([['first slow', 'second slow'], 2]);
  });
});

describe('a task of node-cron in a process of its own', () => {
  it('is started in nobody’s run, linked to who registered it; `scheduled` makes runs of its ticks', async () => {
    expect(await quietly('background')).toBe('background');
    const started = sink.named('node');
    expect(started).toMatchObject({ parentSpanId: '', traceState: '' });
    expect(started.links).toMatchObject([{ spanId: sink.named('arms').spanId }]);
    const [tick] = sink.spans.filter(({ name }) => name === 'background');
    expect(tick).toMatchObject({ parentSpanId: '', traceState: expect.stringMatching(/^whence=/) });
  });
});

describe('a bare timer', () => {
  it('stays in the run that set it', async () => {
    expect(await quietly('interval')).toBe('polling');
  });
});
