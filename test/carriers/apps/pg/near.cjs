const { nearWork } = require('../near-work.cjs');
const { say } = require('../server-saw.cjs');

/** Says the statement as the server has it, comments and all, and the name of the portal of a prepared one. */
module.exports = async (load) => {
  const { Pool } = await load('pg');
  const pool = new Pool({ connectionString: process.env.DATABASE_URL });
  await nearWork(await load('@whence/sdk'), async () => {
    const text = await pool.query("SELECT current_query() AS sent, 'hunter2' AS secret");
    const prepared = { name: 'find', text: 'SELECT name FROM pg_cursors WHERE $1::int = 1', values: [1] };
    const named = await pool.query(prepared);
    say({ text: text.rows[0].sent, prepared: named.rows[0].name });
  });
  await pool.end();
};
