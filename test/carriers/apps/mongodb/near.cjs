const { nearWork } = require('../near-work.cjs');
const { say } = require('../server-saw.cjs');

module.exports = async (load) => {
  const { MongoClient } = await load('mongodb');
  const client = new MongoClient(process.env.MONGODB_URL);
  const accounts = client.db('bank').collection('accounts');
  await nearWork(await load('@whence/sdk'), async () => {
    await accounts.insertOne({ owner: 'hunter2' });
    const found = await accounts.find({ owner: 'hunter2' }, { batchSize: 1 }).toArray();
    await accounts.updateMany({ owner: 'hunter2' }, { $set: { seen: true } });
    await accounts.deleteMany({ owner: 'hunter2' });
    say({ answer: found.length > 0 });
  });
  await client.close();
};
