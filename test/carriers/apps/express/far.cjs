const { farWork, sayReady } = require('../far-work.cjs');

module.exports = async (load) => {
  const framework = await load(process.env.EXPRESS ?? 'express');
  const { express } = await load('@whence/sdk');
  const app = (framework.default ?? framework)();
  if (process.env.STOCK === undefined) app.use(express());
  app.get('/', async (_request, response) => {
    await new Promise((resolve) => setImmediate(resolve));
    farWork();
    response.setHeader('connection', 'close').send('done');
    server.close();
  });
  const server = app.listen(0, '127.0.0.1', () => sayReady(`http://127.0.0.1:${server.address().port}`));
};
