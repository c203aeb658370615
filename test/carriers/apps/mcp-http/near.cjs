const { nearWork } = require('../near-work.cjs');

module.exports = async (load) => {
  const { Client } = await load('@modelcontextprotocol/sdk/client/index.js');
  const { StreamableHTTPClientTransport } = await load('@modelcontextprotocol/sdk/client/streamableHttp.js');
  const sdk = await load('@whence/sdk');
  const client = new Client({ name: 'near', version: '1.0.0' });
  const transport = new StreamableHTTPClientTransport(new URL(process.env.FAR));
  // The session is opened in another run than the one that calls the tool.
  await sdk.run({ job: 'opens the session' }, () => client.connect(transport));
  await nearWork(sdk, () => client.callTool({ name: 'refund' }));
  await transport.terminateSession();
  await client.close();
};
