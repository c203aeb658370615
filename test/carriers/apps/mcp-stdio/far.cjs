const { toolServer, work } = require('../mcp-server.cjs');

module.exports = async (load) => {
  const { StdioServerTransport } = await load('@modelcontextprotocol/sdk/server/stdio.js');
  const server = await toolServer(load, work);
  await server.connect(new StdioServerTransport());
};
