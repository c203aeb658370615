const { nearWork } = require('../near-work.cjs');
const { say } = require('../server-saw.cjs');

/** Says the statement as the server has it, comments and all, and what a prepared one finds in its session. */
module.exports = async (load) => {
  const mysql = await load('mysql2/promise');
  const pool = mysql.createPool(JSON.parse(process.env.DATABASE));
  await nearWork(await load('@whence/sdk'), async () => {
    const [[text]] = await pool.query(
      "SELECT info, 'hunter2' FROM information_schema.processlist WHERE id = CONNECTION_ID()",
    );
    const [[prepared]] = await pool.execute('SELECT @whence_tracestate AS carried WHERE 1 = ?', [1]);
    say({ text: text.info, prepared: prepared.carried });
  });
  await pool.end();
};
