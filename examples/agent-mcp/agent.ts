/** An agent that a person has sent: it acts as itself, on that person's authority. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { run } from '@whence/sdk';
import { chooseNext, type Step } from './model.ts';

const { env } = process;
const TASK = 'The customer says that invoice 4711 was paid twice. Look into it, and put it right.';

const tools = new Client({ name: 'refund-agent', version: '1.0.0' });
await tools.connect(
  new StdioClientTransport({
    command: process.execPath,
    args: ['--import', '@whence/sdk/register', 'tools.ts'],
    env: { ...env, OTEL_SERVICE_NAME: 'tools', ...(env['TOOLS_KEY'] && { WHENCE_KEY: env['TOOLS_KEY'] }) },
  }),
);

const call = async (choice: Step['choice']): Promise<Step> => {
  const { content } = await tools.callTool({ name: choice.tool, arguments: choice.arguments });
  const [first] = content as { text: string }[];
  return { choice, result: first?.text ?? '' };
};

await run(
  {
    job: 'refund-agent',
    principal: 'agent://acme/refunds',
    trigger: 'api',
    authority: 'user:dana@acme.example',
  },
  async ({ runId }) => {
    const steps: Step[] = [];
    for (let next = chooseNext(TASK, steps); next !== undefined; next = chooseNext(TASK, steps)) {
      steps.push(await call(next));
    }
    console.log(`${steps.map(({ choice }) => choice.tool).join(', ')}: run ${runId}`);
  },
);
await tools.close();
