import { beforeAll, describe, expect, it } from 'vitest';
import { type Lineage, startLineage } from '../../test/stage/lineage.ts';
import { startProgram } from '../../test/stage/program.ts';

const PRINCIPAL = { id: 'k8s://shop/jobs/housekeeping', kind: 'scheduler' };
const AUTHORITY = 'policy:housekeeping@1';
const EACH_SECOND = '* * * * * *';
const NEVER = '0 0 31 2 *';

let lineage: Lineage;
beforeAll(async () => {
  lineage = await startLineage([
    { id: 'shop', actor: 'k8s://shop/apps/shop', grants: [{ principal: PRINCIPAL, authority: AUTHORITY }] },
  ]);
});

describe.each([
  ['purge-carts', 'PURGE_AT', 'REFRESH_AT', 'carts purged', 'shop://carts/abandoned'],
  ['refresh-prices', 'REFRESH_AT', 'PURGE_AT', 'prices refreshed', 'shop://prices'],
])('%s', (job, at, otherAt, says, target) => {
  it('is a root run with each tick', async () => {
    const shop = startProgram('examples/cron/shop.ts', {
      environment: { ...lineage.environment('shop'), [at]: EACH_SECOND, [otherAt]: NEVER },
    });
    await shop.said(says);
    await shop.stop();

    const { actions } = await lineage.answered(
      `/v1/actions?target=${encodeURIComponent(target)}`,
      ({ actions }) => actions.length > 0,
    );
    const [{ traceId, spanId }] = actions;
    const { run, authority, sentence } = await lineage.answered(
      `/v1/who?span=${spanId}&trace=${traceId}`,
      (answer) => answer.run,
    );
    expect(run).toMatchObject({ job, trigger: 'schedule', principal: PRINCIPAL, rootId: run.id });
    expect(authority.id).toBe(AUTHORITY);
    expect(sentence).toContain(PRINCIPAL.id);
  });
});
