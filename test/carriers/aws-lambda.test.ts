import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { formatReference, newRunId } from '@whence/model';
import { beforeEach, describe, expect, it } from 'vitest';
import { type LambdaRuntime, startLambdaRuntime } from '../stage/lambda-runtime.ts';
import { type OtlpEndpoint, startOtlpEndpoint } from '../stage/otlp-endpoint.ts';
import type { OtlpSpan } from '../stage/otlp-request.ts';
import { takeDown } from '../stage/take-down.ts';

let endpoint: OtlpEndpoint;
beforeEach(async () => {
  endpoint = await startOtlpEndpoint();
});

const REGISTER = import.meta.resolve('@whence/sdk/register');
const ROOT = fileURLToPath(new URL('./apps/lambda', import.meta.url));

/** A function's process as AWS starts it; killed when the test is over, as AWS does. Spans wait for nothing but a flush. */
const startFunction = async (handler: string): Promise<LambdaRuntime & { said(): string }> => {
  const runtime = await startLambdaRuntime();
  const child = spawn(process.execPath, ['--import', REGISTER, `${ROOT}/function.cjs`], {
    env: {
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      AWS_LAMBDA_RUNTIME_API: runtime.api,
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      LAMBDA_TASK_ROOT: ROOT,
      _HANDLER: handler,
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint.url,
      OTEL_BSP_SCHEDULE_DELAY: '600000',
      WHENCE_LOG: 'warn',
    },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  takeDown(() => child.kill('SIGKILL'));
  return { ...runtime, said: () => stderr };
};

/** What the receiver has of it at this moment: nobody waits. */
const spansSince = (before: number): OtlpSpan[] => endpoint.spans().slice(before);
const named = (spans: readonly OtlpSpan[], name: string): OtlpSpan => {
  const found = spans.filter((span) => span.name === name);
  if (found.length !== 1) throw new Error(`${found.length} of ${name} in ${spans.map((span) => span.name)}`);
  return found[0]!;
};

const carrierOf = (runId: string, span: string) => ({
  traceparent: `00-0af7651916cd43dd8448eb211c80319c-${span}-01`,
  tracestate: `whence=${formatReference({ runId })}`,
});
const record = (body: string, carrier: Record<string, string>) => ({
  messageId: body,
  body,
  eventSource: 'aws:sqs',
  eventSourceARN: 'arn:aws:sqs:us-east-1:1:refunds',
  receiptHandle: 'r',
  messageAttributes: Object.fromEntries(
    Object.entries(carrier).map(([name, value]) => [name, { stringValue: value, dataType: 'String' }]),
  ),
});

describe('the handler of a Lambda function', () => {
  it('has its spans exported before it answers', async () => {
    const runtime = await startFunction('handlers.works');
    for (const [cold, trigger] of [
      [true, undefined],
      [false, 'http'],
    ]) {
      const before = endpoint.spans().length;
      const event = trigger === 'http' ? { requestContext: {}, headers: {} } : {};
      expect(await runtime.invoke(event)).toEqual({ status: 'success', body: '"done"' });
      const spans = spansSince(before);
      expect(named(spans, 'work').parentSpanId).toBe(named(spans, 'far').spanId);
      const attributes = named(spans, 'far').attributes!;
      expect(attributes).toContainEqual({ key: 'faas.coldstart', value: { boolValue: cold } });
      expect(attributes.find(({ key }) => key === 'faas.trigger')?.value.stringValue).toBe(trigger);
    }
  });

  it('may be given nothing at all', async () => {
    const runtime = await startFunction('handlers.works');
    expect(await runtime.invoke(null)).toEqual({ status: 'success', body: '"done"' });
    expect(await runtime.invoke({})).toEqual({ status: 'success', body: '"done"' });
  });

  it('may be one that is not there', async () => {
    const runtime = await startFunction('handlers.missing');
    expect(await runtime.invoke({})).toMatchObject({ status: 'failure' });
    expect(runtime.said()).toMatch(/^whence: invocations are NOT traced: .* missing\n$/);
  });

  it('may come from a bundle', async () => {
    const runtime = await startFunction('bundled.handler');
    expect(await runtime.invoke({})).toEqual({ status: 'success', body: '"done"' });
    expect(named(spansSince(0), 'work').parentSpanId).toBe(named(spansSince(0), 'far').spanId);
  });

  it('has them exported where it throws', async () => {
    const runtime = await startFunction('handlers.throws');
    const before = endpoint.spans().length;
    const answer = await runtime.invoke({});
    expect(answer).toMatchObject({ status: 'failure', body: expect.stringContaining('no such account') });
    for (const name of ['work', 'far']) {
      expect(named(spansSince(before), name).status).toMatchObject({ message: 'no such account' });
    }
  });

  it('has them exported, ended as unfinished, where its time is over', async () => {
    const runtime = await startFunction('handlers.neverEnds');
    const before = endpoint.spans().length;
    expect(await runtime.invoke({}, { timeoutMillis: 3000 })).toEqual({ status: 'timed_out' });
    const spans = spansSince(before);
    expect(named(spans, 'done before').status?.message ?? '').toBe('');
    for (const name of ['work', 'far']) {
      expect(named(spans, name).status?.message).toMatch(/^unfinished: it was not done \d+ ms before/);
    }
  });

  it('answers where the receiver does not, and its spans are exported later', async () => {
    const runtime = await startFunction('handlers.works');
    await runtime.invoke({});
    const before = endpoint.spans().length;
    await endpoint.away();
    for (let times = 0; times < 2; times += 1) {
      expect(await runtime.invoke({}, { timeoutMillis: 5000 })).toMatchObject({ status: 'success' });
    }
    await endpoint.back();
    await expect
      .poll(
        async () => {
          await runtime.invoke({});
          return spansSince(before).filter(({ name }) => name === 'work').length;
        },
        { timeout: 15_000 },
      )
      .toBeGreaterThanOrEqual(3);
  });
});

describe('a batch of two runs and of nobody', () => {
  it('is nobody’s as a whole, and each record is of its own run', async () => {
    const runtime = await startFunction('handlers.records');
    const before = endpoint.spans().length;
    const [one, two] = [carrierOf(newRunId(), 'b7ad6b7169203331'), carrierOf(newRunId(), 'b7ad6b7169203332')];
    const Records = [record('1', one), record('2', two), record('3', {})];
    expect(await runtime.invoke({ Records })).toMatchObject({ status: 'success' });
    const spans = spansSince(before);
    const states = ['far', 'before them', 'record 1', 'record 2', 'record 3'].map(
      (name) => named(spans, name).traceState ?? '',
    );
    expect(states).toEqual(['', '', one.tracestate, two.tracestate, '']);
    expect(named(spans, 'record 2').links).toMatchObject([
      { spanId: 'b7ad6b7169203332', traceState: two.tracestate },
    ]);
    expect(named(spans, 'record 3').links ?? []).toEqual([]);
    expect(named(spans, 'record 3').parentSpanId ?? '').toBe('');
  });
});
