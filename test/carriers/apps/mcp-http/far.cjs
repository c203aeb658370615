const { sayReady } = require('../far-work.cjs');
const { toolServer, work } = require('../mcp-server.cjs');

module.exports = async (load) => {
  const { createServer } = await load('node:http');
  const { randomUUID } = await load('node:crypto');
  const { StreamableHTTPServerTransport } = await load('@modelcontextprotocol/sdk/server/streamableHttp.js');
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: randomUUID });
  const mcp = await toolServer(load, () => {
    const did = work();
    process.stdout.write(`${JSON.stringify(did)}\n`);
    return did;
  });
  await mcp.connect(transport);
  const server = createServer((request, response) => transport.handleRequest(request, response));
  server.listen(0, '127.0.0.1', () => sayReady(`http://127.0.0.1:${server.address().port}/mcp`));
  mcp.server.onclose = () => server.close();
};
