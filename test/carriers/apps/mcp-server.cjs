const { context, propagation, ROOT_CONTEXT, trace } = require('@opentelemetry/api');

/** An MCP server with one tool, which says what it did. Without the SDK it takes its parent from `_meta` itself. */
exports.toolServer = async (load, work) => {
  const { McpServer } = await load('@modelcontextprotocol/sdk/server/mcp.js');
  const server = new McpServer({ name: 'books', version: '1.0.0' });
  server.registerTool('refund', { description: 'Pays an invoice back' }, ({ _meta }) => {
    const text = JSON.stringify(
      process.env.STOCK === undefined ? work() : context.with(propagation.extract(ROOT_CONTEXT, _meta), work),
    );
    return { content: [{ type: 'text', text }] };
  });
  return server;
};

exports.work = () =>
  trace.getTracer('far').startActiveSpan('far work', (span) => {
    const { traceId, spanId } = span.spanContext();
    span.end();
    return { traceId, spanId };
  });
