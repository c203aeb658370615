import { beforeAll, expect, it } from 'vitest';
import { type Lineage, startLineage } from '../../test/stage/lineage.ts';
import { startProgram } from '../../test/stage/program.ts';

const PRINCIPAL = { id: 'agent://acme/refunds', kind: 'agent' };
const DANA = 'user:dana@acme.example';

let lineage: Lineage;
beforeAll(async () => {
  lineage = await startLineage([
    { id: 'agent', actor: 'k8s://acme/apps/agent', grants: [{ principal: PRINCIPAL, authority: DANA }] },
    { id: 'tools', actor: 'k8s://acme/apps/tools' },
  ]);
});

it('what the tool did was caused by the agent, allowed by the person, and done by the tools', async () => {
  const { OTEL_EXPORTER_OTLP_HEADERS: _, ...environment } = lineage.environment('agent');
  const agent = startProgram('examples/agent-mcp/agent.ts', {
    environment: { ...environment, TOOLS_KEY: lineage.environment('tools')['WHENCE_KEY']! },
  });
  const { code, stdout, stderr } = await agent.ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [, runId] = /^find_invoice, refund: run (\S+)\n$/.exec(stdout)!;

  const { actions } = await lineage.answered(
    '/v1/actions?system=bank',
    (answer) => answer.actions.length > 0,
  );
  const [{ traceId, spanId }] = actions;
  const answer = await lineage.answered(
    `/v1/who?span=${spanId}&trace=${traceId}`,
    ({ run, chain }) => run && chain.length === 4,
  );
  expect(answer.run).toMatchObject({ id: runId, job: 'refund-agent', principal: PRINCIPAL });
  expect(answer.authority).toMatchObject({ kind: 'human', id: DANA });
  const told = answer.chain.map(({ action }: { action: Record<string, unknown> }) => [
    action['name'],
    action['target'],
    action['actor'],
  ]);
  expect(told).toEqual([
    ['pay back', 'bank://invoices/4711', 'k8s://acme/apps/tools'],
    ['tools/call refund', 'tool:refund', 'k8s://acme/apps/tools'],
    ['tools/call refund', 'tool:refund', 'k8s://acme/apps/agent'],
    ['refund-agent', undefined, 'k8s://acme/apps/agent'],
  ]);
});
