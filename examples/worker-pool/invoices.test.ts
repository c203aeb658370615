import { beforeAll, expect, it } from 'vitest';
import { type Lineage, startLineage } from '../../test/stage/lineage.ts';
import { startProgram } from '../../test/stage/program.ts';

const PRINCIPAL = { id: 'k8s://books/apps/invoices', kind: 'workload' };

let lineage: Lineage;
beforeAll(async () => {
  lineage = await startLineage([
    {
      id: 'invoices',
      actor: PRINCIPAL.id,
      grants: [{ principal: PRINCIPAL, authority: 'policy:invoices@2' }],
    },
  ]);
});

it('each page was rendered in the run of its customer', async () => {
  const program = startProgram('examples/worker-pool/invoices.ts', {
    environment: lineage.environment('invoices'),
  });
  expect(await program.ended).toEqual({ code: 0, stdout: 'rendered\n', stderr: '' });

  const { actions } = await lineage.answered(
    '/v1/actions?system=pdf&limit=100',
    (answer) => answer.actions.length === 20,
  );
  const customersOf: Record<string, string[]> = { 'invoices-acme': [], 'invoices-globex': [] };
  for (const { target, runId } of actions) {
    const { run } = await lineage.answered(`/v1/runs/${runId}`);
    customersOf[run.job]!.push(/invoices:\/\/(\w+)-/.exec(target)![1]!);
  }
  expect(customersOf).toEqual({
    'invoices-acme': Array(10).fill('acme'),
    'invoices-globex': Array(10).fill('globex'),
  });
});
