// An agent that hands its work to a person, who approves it. Says the agent's run, and the span of the approval.
import { action, handoff, run } from '@whence/sdk';

await run({ job: 'triage', principal: 'agent://acme/triage' }, (triage) =>
  handoff(triage, { as: 'user:dana@acme.example', job: 'approve' }, () =>
    action('approve', {}, (span) => {
      process.stdout.write(`${triage.runId} ${span.spanContext().spanId}\n`);
    }),
  ),
);
