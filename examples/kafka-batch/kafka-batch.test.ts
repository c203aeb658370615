import { expect, it } from 'vitest';
import { carrierStage } from '../../test/carriers/carrier-matrix.ts';
import { startKafka } from '../../test/stage/kafka.ts';
import { startProgram } from '../../test/stage/program.ts';

it('books each invoice in the run that sent it', async () => {
  const [stage, { broker }] = await Promise.all([carrierStage(), startKafka()]);
  const environment = { KAFKA_BROKER: broker };
  const sender = startProgram('examples/kafka-batch/send.ts', {
    environment: { ...stage.environment('near'), ...environment },
  });
  const [closeMonth] = await sender.said(/close-month sends .* in run (\S+)/);
  const [correctVat] = await sender.said(/correct-vat sends .* in run (\S+)/);
  expect((await sender.ended).code).toBe(0);

  const ledger = startProgram('examples/kafka-batch/book.ts', {
    environment: { ...stage.environment('far'), ...environment },
  });
  for (const [invoice, runId, job] of [
    [1, closeMonth, 'close-month'],
    [3, closeMonth, 'close-month'],
    [4, correctVat, 'correct-vat'],
  ] as const) {
    const [spanId, run] = await ledger.said(new RegExp(`booked ${invoice}, span (\\S+), run (\\S+)`));
    expect(run).toBe(runId);
    const answer = await stage.who({ spanId: spanId! });
    expect(answer.run).toMatchObject({ id: runId, job });
    expect(answer.chain.map(({ action }: { action: { name: string } }) => action.name)).toEqual([
      `book invoice ${invoice}`,
      'process invoices',
      'send invoices',
      job,
    ]);
  }
  await ledger.stop();
});
