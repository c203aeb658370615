import { describe, expect, it } from 'vitest';
import { runApp } from '../../testkit/app-process.ts';

const QUIET = { WHENCE_LOG: 'silent', OTEL_TRACES_EXPORTER: 'none' };

describe('worker threads and messages as only few use them', () => {
  it('behave as they would without tracing', async () => {
    const traced = await runApp('odd-workers.mjs', QUIET);
    const untraced = await runApp('odd-workers.mjs', QUIET, { flags: [] });
    expect(traced.stderr).toBe('');
    expect([traced.code, traced.stdout]).toEqual([untraced.code, untraced.stdout]);
    expect(JSON.parse(traced.stdout)).toMatchObject({
      plain: { workerData: { deep: [1, { two: 2 }] }, argv: ['a', 'b'] },
      env: { env: ['ONLY'] },
      thrown: 'thrown inside',
      heard: ['second', ['third', true]],
    });
  });
});

describe('messages between threads and processes', () => {
  it('are handled in nobody’s run, whoever made the channel; what starts there is in its creator’s', async () => {
    const { stdout, stderr } = await runApp('message-runs.mjs', QUIET);
    expect(stderr).toBe('');
    const { runId, ...said } = JSON.parse(stdout);
    const below = { atStart: runId, onMessage: 'nobody', heard: 'nobody' };
    expect(said).toEqual({
      worker: below,
      bound: 'creator',
      child: below,
      port: 'nobody',
      awaited: 'creator',
      broadcast: 'nobody',
    });
  });
});
