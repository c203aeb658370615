/** Restocks the shop each night. */
import { run } from '@whence/sdk';

const SHOP = process.env['SHOP_URL'] ?? 'http://127.0.0.1:3000';

await run({ job: 'restock', trigger: 'schedule' }, async ({ runId }) => {
  const response = await fetch(`${SHOP}/stock/teapot`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ pieces: 12 }),
  });
  if (!response.ok) throw new Error(`the shop answered ${response.status}`);
  console.log(`restocked in run ${runId}`);
});
