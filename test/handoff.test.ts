import { expect, it } from 'vitest';
import { startLineage } from './stage/lineage.ts';
import { startProgram } from './stage/program.ts';

const AGENT = { id: 'agent://acme/triage', kind: 'agent' };
const PERSON = { id: 'user:dana@acme.example', kind: 'human' };

it('names the one who took over, and who handed over, in which run', async () => {
  const { environment, answered } = await startLineage([
    {
      id: 'agent',
      actor: 'k8s://acme/apps/agent',
      grants: [
        { principal: AGENT, jobs: ['triage'], authority: 'policy:triage@2' },
        { principal: PERSON, jobs: ['approve'], authority: 'approval:4711' },
      ],
    },
  ]);
  const agent = startProgram('test/apps/handoff.mjs', { environment: environment('agent') });
  const [runId, spanId] = await agent.said(/(\S+) (\S+)\n/);
  expect((await agent.ended).stderr).toBe('');

  const answer = await answered(`/v1/who?span=${spanId}`, ({ handedOffBy }) => handedOffBy);
  expect(answer).toMatchObject({
    principal: { id: PERSON.id, assurance: 'verified' },
    authority: { id: 'approval:4711' },
    run: { job: 'approve', trigger: 'handoff' },
    handedOffBy: { id: runId, principal: { id: AGENT.id } },
  });
  expect(answer.sentence).toContain(`handed off from ${AGENT.id} (agent, verified) in run ${runId}`);
});
