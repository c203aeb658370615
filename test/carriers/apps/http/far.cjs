const { farWork, sayReady } = require('../far-work.cjs');

module.exports = async (load) => {
  const { createServer } = await load('node:http');
  const server = createServer((_request, response) => {
    farWork();
    response.setHeader('connection', 'close').end('done');
    server.close();
  });
  server.listen(0, '127.0.0.1', () => sayReady(`http://127.0.0.1:${server.address().port}`));
};
