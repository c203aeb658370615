/**
 * The wire vocabulary: every attribute key that Whence writes or reads, in one place. Where OpenTelemetry has a name,
 * that name is used (semantic conventions 1.45; the older spelling beside it is read, never written).
 */
export interface AttributeDefinition {
  readonly key: string;
  readonly type: 'string' | 'int' | 'string[]';
  readonly unit?: string;
  readonly example: string;
  readonly says: string;
}

const attribute = <Key extends string>(
  key: Key,
  type: AttributeDefinition['type'],
  example: string,
  says: string,
): AttributeDefinition & { readonly key: Key } => ({ key, type, example, says });

/** What Whence adds. On run spans these are claims: what counts is the issuer's record of the run. */
export const WHENCE = {
  runId: attribute(
    'whence.run.id',
    'string',
    '01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10',
    'run that this span opens',
  ),
  runJob: attribute('whence.run.job', 'string', 'nightly-reconcile', 'what is executed, by name'),
  runAttempt: attribute('whence.run.attempt', 'int', '1', 'attempt, from 1'),
  runTrigger: attribute('whence.run.trigger', 'string', 'schedule', 'why the run began'),
  runParentId: attribute('whence.run.parent.id', 'string', '01989f3c-…', 'run that started this one'),
  runRootId: attribute('whence.run.root.id', 'string', '01989f3c-…', 'run that began it all'),
  runOutcome: attribute('whence.run.outcome', 'string', 'success', 'how the run ended'),
  principalId: attribute(
    'whence.principal.id',
    'string',
    'k8s://prod/billing/nightly',
    'who acts, as claimed',
  ),
  principalKind: attribute('whence.principal.kind', 'string', 'scheduler', 'kind of the claimed principal'),
  authorityId: attribute(
    'whence.authority.id',
    'string',
    'policy:nightly-jobs@3',
    'what allowed it, as claimed',
  ),
  assurance: attribute(
    'whence.assurance',
    'string',
    'asserted',
    'what the process knew of its own reference',
  ),
  cause: attribute('whence.cause', 'string', 'message', 'on a span link: the kind of cause'),
  actionSystem: attribute('whence.action.system', 'string', 'pg-boss', 'what was acted on'),
  actionOperation: attribute('whence.action.operation', 'string', 'send', 'the verb'),
  actionTarget: attribute('whence.action.target', 'string', 'pg-boss://bank/notify', 'resource URI'),
  actionStatement: attribute('whence.action.statement', 'string', 'send notify', 'the command itself'),
  sequence: attribute(
    'whence.sequence',
    'int',
    '4711',
    'number of the span within its process, without gaps unless spans were lost on their way',
  ),
  spansLost: attribute('whence.spans.lost', 'int', '30', 'spans that the process lost before this one'),
  spansLostReason: attribute('whence.spans.lost.reason', 'string', 'the queue was full', 'why'),
  attribution: attribute(
    'whence.attribution',
    'string',
    'conflict',
    'why the run of the span is in doubt: `conflict` or `run_ended`',
  ),
  attributionRuns: attribute(
    'whence.attribution.runs',
    'string[]',
    '["01989f3c-…", "01989f3d-…"]',
    'runs that a conflict is between',
  ),
  openAction: attribute('whence.action.open', 'string', '00f067aa0ba902b7', 'span that had not ended yet'),
  messageAttempt: attribute(
    'whence.message.attempt',
    'int',
    '2',
    'on a consumer span: which time this message is handled, from 2',
  ),
  uncarried: attribute(
    'whence.uncarried',
    'int',
    '1',
    'messages of this call that left without the reference, for want of room',
  ),
  processSignal: attribute('whence.process.signal', 'string', 'SIGTERM', 'signal that ended the command'),
} as const satisfies Record<string, AttributeDefinition>;

/** What Whence reads of OpenTelemetry's conventions, current name first. */
export const OTEL = {
  serviceName: attribute('service.name', 'string', 'billing', 'service (resource)'),
  dbSystem: attribute('db.system.name', 'string', 'postgresql', 'database product'),
  dbSystemOld: attribute('db.system', 'string', 'postgresql', 'as above, before 1.28'),
  dbNamespace: attribute('db.namespace', 'string', 'bank', 'database'),
  dbNamespaceOld: attribute('db.name', 'string', 'bank', 'as above, before 1.28'),
  dbCollection: attribute('db.collection.name', 'string', 'accounts', 'table or collection'),
  dbOperation: attribute('db.operation.name', 'string', 'UPDATE', 'verb'),
  dbOperationOld: attribute('db.operation', 'string', 'UPDATE', 'as above, before 1.28'),
  dbQuery: attribute('db.query.text', 'string', 'UPDATE accounts SET …', 'statement'),
  dbQueryOld: attribute('db.statement', 'string', 'UPDATE accounts SET …', 'as above, before 1.28'),
  httpMethod: attribute('http.request.method', 'string', 'POST', 'verb'),
  httpMethodOld: attribute('http.method', 'string', 'POST', 'as above, before 1.23'),
  httpRoute: attribute('http.route', 'string', '/charges/{id}', 'matched route (server)'),
  urlFull: attribute('url.full', 'string', 'http://billing:8080/charges', 'address called (client)'),
  urlFullOld: attribute('http.url', 'string', 'http://billing:8080/charges', 'as above, before 1.23'),
  urlScheme: attribute('url.scheme', 'string', 'http', 'scheme (server)'),
  urlPath: attribute('url.path', 'string', '/charges', 'path (server)'),
  urlPathOld: attribute('http.target', 'string', '/charges', 'as above, before 1.23'),
  rpcSystem: attribute('rpc.system.name', 'string', 'grpc', 'RPC system'),
  rpcSystemOld: attribute('rpc.system', 'string', 'grpc', 'as above, before 1.39'),
  rpcService: attribute('rpc.service', 'string', 'fx.Rates', 'service called'),
  rpcMethod: attribute('rpc.method', 'string', 'fx.Rates/Convert', 'method called'),
  messagingSystem: attribute('messaging.system', 'string', 'kafka', 'broker'),
  messagingOperation: attribute('messaging.operation.name', 'string', 'send', 'verb'),
  messagingDestination: attribute('messaging.destination.name', 'string', 'notify', 'queue or topic'),
  genAiProvider: attribute('gen_ai.provider.name', 'string', 'anthropic', 'model provider'),
  genAiSystem: attribute('gen_ai.system', 'string', 'anthropic', 'as above, before 1.37'),
  genAiOperation: attribute('gen_ai.operation.name', 'string', 'execute_tool', 'verb'),
  genAiTool: attribute('gen_ai.tool.name', 'string', 'refund', 'tool called'),
  processCommandLine: attribute(
    'process.command_line',
    'string',
    'node report.ts',
    'command (span of a child)',
  ),
  processExecutable: attribute('process.executable.name', 'string', 'node', 'program'),
  processExitCode: attribute('process.exit.code', 'int', '0', 'exit code'),
  pipelineName: attribute('cicd.pipeline.name', 'string', 'deploy', 'pipeline (resource)'),
  pipelineRunId: attribute('cicd.pipeline.run.id', 'string', '77', 'run of the pipeline (resource)'),
  pipelineRunUrl: attribute(
    'cicd.pipeline.run.url.full',
    'string',
    'https://github.com/acme/shop/actions/runs/77',
    'its page (resource)',
  ),
  revision: attribute(
    'vcs.ref.head.revision',
    'string',
    '4f3c9a1be2d07c55a6b8d1f0e9c7b6a5d4c3b2a1',
    'commit (resource or span)',
  ),
  revisionName: attribute('vcs.ref.head.name', 'string', 'main', 'branch or tag (resource)'),
  repositoryUrl: attribute(
    'vcs.repository.url.full',
    'string',
    'https://github.com/acme/shop',
    'repository (resource)',
  ),
  serverAddress: attribute('server.address', 'string', 'db', 'host called'),
  serverPort: attribute('server.port', 'int', '5432', 'port called'),
  peerNameOld: attribute('net.peer.name', 'string', 'db', 'host called, before 1.21'),
  peerPortOld: attribute('net.peer.port', 'int', '5432', 'port called, before 1.21'),
} as const satisfies Record<string, AttributeDefinition>;
