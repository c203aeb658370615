const { existsSync } = require('node:fs');
const { request } = require('node:http');
const { resolve } = require('node:path');
const { pathToFileURL } = require('node:url');
const { context, ROOT_CONTEXT } = require('@opentelemetry/api');
const { suppressTracing } = require('@opentelemetry/core');

/** What AWS's runtime for Node does: loads `_HANDLER`, and gives it one invocation after the other. */
exports.bootstrap = async () => {
  const { AWS_LAMBDA_RUNTIME_API: api, LAMBDA_TASK_ROOT: root, _HANDLER: name } = process.env;
  const [module, member] = name.split('.');
  const path = resolve(root, module);
  const loaded = existsSync(`${path}.mjs`)
    ? await import(pathToFileURL(`${path}.mjs`))
    : require(existsSync(`${path}.cjs`) ? `${path}.cjs` : path);
  for (;;) {
    const next = await call(`http://${api}/2018-06-01/runtime/invocation/next`);
    if (next.status === 410) return;
    const id = next.headers['lambda-runtime-aws-request-id'];
    const clientContext = next.headers['lambda-runtime-client-context'];
    const answer = (kind, value) =>
      call(`http://${api}/2018-06-01/runtime/invocation/${id}/${kind}`, JSON.stringify(value ?? null));
    try {
      const value = await loaded[member](JSON.parse(next.body), {
        awsRequestId: id,
        functionName: 'far',
        invokedFunctionArn: next.headers['lambda-runtime-invoked-function-arn'],
        clientContext: clientContext === undefined ? undefined : JSON.parse(clientContext),
        getRemainingTimeInMillis: () => next.headers['lambda-runtime-deadline-ms'] - Date.now(),
      });
      await answer('response', value);
    } catch (error) {
      await answer('error', { errorMessage: error.message, errorType: error.name });
    }
  }
};

/** AWS's own client is native code: nothing that traces HTTP sees it. */
const call = (url, body) =>
  context.with(
    suppressTracing(ROOT_CONTEXT),
    () =>
      new Promise((resolved, failed) => {
        const sent = request(url, { method: body === undefined ? 'GET' : 'POST' }, (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
          response.on('end', () =>
            resolved({ status: response.statusCode, headers: response.headers, body: text }),
          );
        });
        sent.on('error', failed).end(body);
      }),
  );
