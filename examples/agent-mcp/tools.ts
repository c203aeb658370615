/** An MCP server with two tools. It may serve many agents; each call is done in the run of the one that calls. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { action } from '@whence/sdk';

const books = new Map([['4711', { amount: 120, paidTwice: true }]]);
const said = (value: unknown) => ({ content: [{ type: 'text' as const, text: JSON.stringify(value) }] });

const server = new McpServer({ name: 'books', version: '1.0.0' });

server.registerTool('find_invoice', { description: 'Looks an invoice up' }, () => said(books.get('4711')));

server.registerTool('refund', { description: 'Pays an invoice back' }, () =>
  action('pay back', { system: 'bank', operation: 'transfer', target: 'bank://invoices/4711' }, () =>
    said({ refunded: books.get('4711')?.amount }),
  ),
);

await server.connect(new StdioServerTransport());
