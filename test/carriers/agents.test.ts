import { expect } from 'vitest';
import { carrierMatrix, REGISTER } from './carrier-matrix.ts';

interface Answer {
  readonly chain: readonly { readonly action: Record<string, unknown> }[];
}

/** The tool's work, the call as the caller made it, and as the server took it where that is traced: all one trace. */
const isToolCall = ({ chain }: Answer): void => {
  const call = chain
    .map(({ action }) => action)
    .find(({ name, kind }) => name === 'tools/call refund' && kind === 'client');
  expect(call).toMatchObject({ system: 'mcp', operation: 'tools/call', target: 'tool:refund' });
  expect(chain[0]!.action['traceId']).toBe(call!['traceId']);
};

carrierMatrix('MCP over Streamable HTTP', { app: 'mcp-http', expectAnswer: isToolCall });
carrierMatrix('MCP over stdio', {
  app: 'mcp-stdio',
  inside: true,
  environment: () => ({ REGISTER }),
  expectAnswer: isToolCall,
});
