import { get } from 'node:http';
import { formatReference, newRunId } from '@whence/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../test/stage/free-port.ts';
import { type Lineage, startLineage } from '../../test/stage/lineage.ts';
import { startPostgres } from '../../test/stage/postgres.ts';
import { type RunningProgram, startProgram } from '../../test/stage/program.ts';

const PRINCIPAL = { id: 'k8s://shop/jobs/restock', kind: 'scheduler' };
const AUTHORITY = 'policy:restock@2';

let lineage: Lineage;
let shop: RunningProgram;
let url: string;
beforeAll(async () => {
  const [started, postgres] = await Promise.all([
    startLineage([
      { id: 'job', actor: 'k8s://shop/apps/job', grants: [{ principal: PRINCIPAL, authority: AUTHORITY }] },
      { id: 'shop', actor: 'k8s://shop/apps/shop' },
    ]),
    startPostgres(),
  ]);
  lineage = started;
  const port = await freePort();
  shop = startProgram('examples/express-pg/service.ts', {
    environment: { ...lineage.environment('shop'), DATABASE_URL: postgres.url, PORT: String(port) },
  });
  url = `http://127.0.0.1:${port}`;
  await shop.said(url);
});
afterAll(async () => {
  expect(await shop?.stop()).toMatchObject({ stderr: '' });
});

/** What is known of the one statement that begins like this, once it is known. */
const whoDid = async (statement: string) => {
  const of = (action: { statement?: string }): boolean => action.statement?.startsWith(statement) === true;
  const { actions } = await lineage.answered('/v1/actions?system=postgresql&limit=1000', (answer) =>
    answer.actions.some(of),
  );
  const { traceId, spanId } = actions.find(of);
  return lineage.answered(`/v1/who?span=${spanId}&trace=${traceId}`, ({ chain }) => chain.length > 1);
};

describe('the shop', () => {
  it("restocks for a job: the statement is the job's", async () => {
    const job = startProgram('examples/express-pg/job.ts', {
      environment: { ...lineage.environment('job'), SHOP_URL: url },
    });
    expect(await job.ended).toMatchObject({ code: 0, stderr: '' });
    const { sentence, principal, authority, run, action, chain } = await whoDid('INSERT INTO stock');
    expect(principal).toMatchObject({ ...PRINCIPAL, assurance: 'verified' });
    expect(authority.id).toBe(AUTHORITY);
    expect(run.job).toBe('restock');
    expect(action.actor).toBe('k8s://shop/apps/shop');
    expect(chain.map(({ action }: { action: { name: string } }) => action.name)).toContain(
      'POST /stock/:item',
    );
    expect(sentence).toContain(PRINCIPAL.id);
  });

  it('shows an item to a stranger, who names a run: the statement is nobody’s, and linked to the request', async () => {
    const reference = formatReference({ runId: newRunId() });
    const headers = {
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      tracestate: `whence=${reference}.k1.AAAAAAAAAAAAAAAA`,
    };
    await new Promise((resolve, reject) => {
      get(`${url}/items/teapot`, { headers }, (response) => response.resume().on('end', resolve)).on(
        'error',
        reject,
      );
    });
    const { action, run, principal, chain } = await whoDid('INSERT INTO views');
    expect([action.assurance, run, principal]).toEqual(['none', undefined, undefined]);
    expect(chain.map(({ causedBy }: { causedBy?: string }) => causedBy)).toContain('call');
    expect(chain.map(({ action }: { action: { name: string } }) => action.name)).toContain(
      'GET /items/:item',
    );
  });
});
