const { nearWork } = require('../near-work.cjs');

module.exports = async (load) => {
  const http = await load('node:http');
  await nearWork(
    await load('@whence/sdk'),
    () =>
      new Promise((resolve, reject) => {
        http.get(process.env.FAR, (response) => response.resume().on('end', resolve)).on('error', reject);
      }),
  );
};
