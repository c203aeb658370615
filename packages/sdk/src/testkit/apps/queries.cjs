exports.ask = async (pg, run) => {
  const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
  await run({ job: 'queries' }, async ({ reference }) => {
    // current_query() is the statement as it arrived, comments and all.
    const { rows } = await pool.query('SELECT current_query() AS sent, $1::text AS value', ['hunter2']);
    process.stdout.write(JSON.stringify({ reference, sent: rows[0].sent }));
  });
  await pool.end();
};
