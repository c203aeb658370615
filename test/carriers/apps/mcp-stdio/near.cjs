const { join } = require('node:path');
const { nearWork } = require('../near-work.cjs');

module.exports = async (load) => {
  const { Client } = await load('@modelcontextprotocol/sdk/client/index.js');
  const { StdioClientTransport } = await load('@modelcontextprotocol/sdk/client/stdio.js');
  const sdk = await load('@whence/sdk');
  const client = new Client({ name: 'near', version: '1.0.0' });
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [
      '--import',
      process.env.STOCK ?? process.env.REGISTER,
      process.argv[1],
      join(__dirname, 'far.cjs'),
    ],
    env: process.env,
  });
  // The server is started in another run than the one that calls the tool.
  await sdk.run({ job: 'starts the server' }, () => client.connect(transport));
  await nearWork(sdk, async () => {
    const { content } = await client.callTool({ name: 'refund' });
    process.stdout.write(`${content[0].text}\n`);
  });
  await client.close();
};
