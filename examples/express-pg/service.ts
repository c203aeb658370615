/** A shop: stock, which jobs and other services change, and a page for the public. */
import { express as whence } from '@whence/sdk';
import express from 'express';
import pg from 'pg';

const shop = new pg.Pool({ connectionString: process.env['DATABASE_URL'] });
await shop.query('CREATE TABLE IF NOT EXISTS stock (item text PRIMARY KEY, pieces int NOT NULL)');
await shop.query('CREATE TABLE IF NOT EXISTS views (item text PRIMARY KEY, times int NOT NULL)');

const app = express();

// From inside: what a job causes here is the job's.
const stock = express.Router();
stock.post('/:item', async (request, response) => {
  await shop.query(
    'INSERT INTO stock VALUES ($1, $2) ON CONFLICT (item) DO UPDATE SET pieces = stock.pieces + $2',
    [request.params.item, request.body.pieces],
  );
  response.status(204).end();
});
app.use('/stock', whence(), express.json(), stock);

// From anywhere: whatever headers a stranger sends, what happens here is no part of anybody's run.
const items = express.Router();
items.get('/:item', async (request, response) => {
  const { item } = request.params;
  await shop.query(
    'INSERT INTO views VALUES ($1, 1) ON CONFLICT (item) DO UPDATE SET times = views.times + 1',
    [item],
  );
  const { rows } = await shop.query('SELECT pieces FROM stock WHERE item = $1', [item]);
  response.json({ item, pieces: rows[0]?.pieces ?? 0 });
});
app.use('/items', whence({ inbound: 'link' }), items);

const port = Number(process.env['PORT'] ?? 3000);
const server = app.listen(port, '127.0.0.1', () => console.log(`shop at http://127.0.0.1:${port}`));
process.once('SIGTERM', () => {
  server.close(() => void shop.end());
  server.closeIdleConnections();
});
