/** Charges accounts for their open invoices. Stock OpenTelemetry only: nothing here knows of Whence. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { setting } from '../settings.ts';

const bank = new pg.Pool({ connectionString: setting('DATABASE_URL'), max: 2 });

const charge = async (accountId: number): Promise<number> => {
  const { rows } = await bank.query<{ amount: string }>(
    'UPDATE invoices SET paid = true WHERE account_id = $1 AND NOT paid RETURNING amount',
    [accountId],
  );
  const amount = rows.reduce((sum, row) => sum + Number(row.amount), 0);
  await bank.query('INSERT INTO charges (account_id, amount) VALUES ($1, $2)', [accountId, amount]);
  return amount;
};

const accountIn = async (request: IncomingMessage): Promise<number> => {
  const body = (await request.setEncoding('utf8').toArray()).join('');
  const { accountId } = JSON.parse(body) as { accountId?: unknown };
  if (!Number.isInteger(accountId)) throw new TypeError('accountId is not an integer');
  return accountId as number;
};

const server = createServer(async (request, response) => {
  const answer = (status: number, body: object): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  if (request.method !== 'POST' || request.url !== '/charges') return answer(404, { error: 'not found' });
  try {
    answer(201, { charged: await charge(await accountIn(request)) });
  } catch (error) {
    answer(error instanceof pg.DatabaseError ? 500 : 400, { error: String(error) });
  }
});

server.listen(0, '127.0.0.1', () => {
  console.log(`billing ready at http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
