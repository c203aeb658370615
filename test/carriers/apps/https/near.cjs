const { nearWork } = require('../near-work.cjs');

module.exports = async (load) => {
  const https = await load('node:https');
  await nearWork(
    await load('@whence/sdk'),
    () =>
      new Promise((resolve, reject) => {
        const request = https.request(new URL(process.env.FAR), { ca: process.env.TLS_CA, method: 'POST' });
        request.on('response', (response) => response.resume().on('end', resolve)).on('error', reject);
        request.end('order');
      }),
  );
};
