import { StatementScanner } from '@whence/model';
import type { Random } from './random.ts';
import { type Service, WITNESS_SERVICE } from './services.ts';

/** A kind of span, as the collector writes it: what all spans of the kind have in common. */
export interface SpanKindOfWork {
  readonly service: number;
  readonly name: string;
  readonly spanKind: 'Internal' | 'Server' | 'Client' | 'Producer' | 'Consumer';
  readonly scope: string;
  readonly system: string;
  readonly operation: string;
  /** Patterns: see `Pattern`. */
  readonly target: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** 0: no SQL. */
  readonly statementHash: bigint;
  readonly witness: 'sdk' | 'gateway';
}

/** What a service does, by the indexes of its kinds of span. */
export interface Repertoire {
  readonly serve: readonly number[];
  readonly call: readonly number[];
  readonly query: readonly number[];
  /** What the witness sees of each of `query`, in the same order. Empty where the database is not guarded. */
  readonly witnessed: readonly number[];
  readonly send: readonly number[];
  readonly receive: readonly number[];
  readonly tool: readonly number[];
  readonly compute: readonly number[];
  /** Opens a run. */
  readonly open: number;
}

export interface Work {
  readonly kinds: readonly SpanKindOfWork[];
  readonly repertoires: readonly Repertoire[];
}

const NOUNS = ['orders', 'invoices', 'accounts', 'customers', 'refunds', 'sessions', 'documents', 'payouts'];
const GUARDED_SHARE = 0.2;

export const workOf = (services: readonly Service[], random: Random): Work => {
  const kinds: SpanKindOfWork[] = [];
  const add = (kind: SpanKindOfWork): number => kinds.push(kind) - 1;

  const repertoires = services.map((service, index): Repertoire => {
    const nouns = Array.from({ length: 3 }, () => random.pick(NOUNS));
    const called = services[random.between(1, services.length - 1)]!;
    const queries = nouns.flatMap((noun) => queriesOf(service, index, noun));
    const guarded = random.chance(GUARDED_SHARE);
    return {
      serve: nouns.map((noun) => add(serving(service, index, noun))),
      call: nouns.map((noun, at) => add(at === 0 ? rpcTo(called, index, noun) : httpTo(called, index, noun))),
      query: queries.map(add),
      witnessed: guarded ? queries.map((query) => add(asWitnessed(query))) : [],
      send: nouns.map((noun) => add(messaging('send', service, index, noun))),
      receive: nouns.map((noun) => add(messaging('process', service, index, noun))),
      tool: nouns.map((noun) => add(tool(service, index, noun))),
      compute: [add(internal(index, 'validate')), add(internal(index, 'transform'))],
      open: add(internal(index, 'run')),
    };
  });
  return { kinds, repertoires };
};

const queriesOf = (service: Service, index: number, noun: string): readonly SpanKindOfWork[] => {
  const statements: readonly (readonly [string, string])[] = [
    [
      'SELECT',
      `SELECT id, state, amount FROM ${noun} WHERE customer_id = $1 ORDER BY created_at DESC LIMIT 50`,
    ],
    ['SELECT', `SELECT * FROM ${noun} WHERE id = {n}`],
    ['UPDATE', `UPDATE ${noun} SET state = $1, updated_at = now() WHERE id = $2 AND state <> $1`],
    [
      'INSERT',
      `INSERT INTO ${noun} (customer_id, amount, currency, state) VALUES ($1, $2, $3, $4) RETURNING id`,
    ],
  ];
  const host = `${service.namespace}-db`;
  return statements.map(([operation, statement]) => ({
    service: index,
    name: `${operation} ${noun}`,
    spanKind: 'Client',
    scope: '@opentelemetry/instrumentation-pg',
    system: 'postgresql',
    operation,
    target: `postgresql://${host}:5432/${service.namespace}/${noun}`,
    attributes: {
      'db.system.name': 'postgresql',
      'db.namespace': service.namespace,
      'db.collection.name': noun,
      'db.operation.name': operation,
      'db.query.text': statement,
      'db.response.returned_rows': '{s}',
      'server.address': host,
      'server.port': '5432',
      'network.peer.address': '10.1.9.{s}',
      'thread.id': '{s}',
    },
    statementHash: fingerprintOf(statement.replace('{n}', '1')),
    witness: 'sdk',
  }));
};

const asWitnessed = (query: SpanKindOfWork): SpanKindOfWork => ({
  ...query,
  service: WITNESS_SERVICE,
  scope: '@whence/gateway',
  attributes: {
    'db.system.name': 'postgresql',
    'db.namespace': query.attributes['db.namespace']!,
    'db.query.text': query.attributes['db.query.text']!,
    'db.operation.name': query.operation,
    'db.response.returned_rows': '{s}',
    'server.address': query.attributes['server.address']!,
    'server.port': '5432',
    'client.address': '10.1.2.{s}',
    'client.port': '{i}',
    'db.user': `${query.attributes['db.namespace']!}_rw`,
  },
  witness: 'gateway',
});

const serving = (service: Service, index: number, noun: string): SpanKindOfWork => ({
  service: index,
  name: `GET /${noun}/{id}`,
  spanKind: 'Server',
  scope: '@opentelemetry/instrumentation-http',
  system: 'http',
  operation: 'GET',
  target: `http://${service.name}:8080/${noun}/{n}`,
  attributes: {
    'http.request.method': 'GET',
    'url.scheme': 'http',
    'url.path': `/${noun}/{n}`,
    'http.route': `/${noun}/{id}`,
    'http.response.status_code': '200',
    'server.address': service.name,
    'server.port': '8080',
    'user_agent.original': 'undici',
    'network.protocol.version': '1.1',
    'client.address': '10.1.2.{s}',
  },
  statementHash: 0n,
  witness: 'sdk',
});

const httpTo = (called: Service, index: number, noun: string): SpanKindOfWork => ({
  service: index,
  name: 'POST',
  spanKind: 'Client',
  scope: '@opentelemetry/instrumentation-undici',
  system: 'http',
  operation: 'POST',
  target: `http://${called.name}:8080/${noun}/{n}`,
  attributes: {
    'http.request.method': 'POST',
    'url.full': `http://${called.name}:8080/${noun}/{n}`,
    'http.response.status_code': '201',
    'http.request.body.size': '{i}',
    'http.response.body.size': '{s}',
    'server.address': called.name,
    'server.port': '8080',
    'network.peer.address': '10.1.4.{s}',
    'network.protocol.version': '1.1',
    'user_agent.original': 'undici',
  },
  statementHash: 0n,
  witness: 'sdk',
});

const rpcTo = (called: Service, index: number, noun: string): SpanKindOfWork => ({
  service: index,
  name: `${called.namespace}.v1.${noun}/Get`,
  spanKind: 'Client',
  scope: '@opentelemetry/instrumentation-grpc',
  system: 'grpc',
  operation: `${called.namespace}.v1.${noun}/Get`,
  target: `grpc://${called.name}:9090/${called.namespace}.v1.${noun}`,
  attributes: {
    'rpc.system.name': 'grpc',
    'rpc.service': `${called.namespace}.v1.${noun}`,
    'rpc.method': `${called.namespace}.v1.${noun}/Get`,
    'rpc.response.status_code': 'OK',
    'rpc.request.id': '{h}',
    'server.address': called.name,
    'server.port': '9090',
    'network.peer.address': '10.1.4.{s}',
    'network.transport': 'tcp',
    'thread.id': '{s}',
  },
  statementHash: 0n,
  witness: 'sdk',
});

const messaging = (
  operation: 'send' | 'process',
  service: Service,
  index: number,
  noun: string,
): SpanKindOfWork => ({
  service: index,
  name: `${operation} ${noun}`,
  spanKind: operation === 'send' ? 'Producer' : 'Consumer',
  scope: '@opentelemetry/instrumentation-kafkajs',
  system: 'kafka',
  operation,
  target: `kafka://kafka:9092/${service.namespace}.${noun}`,
  attributes: {
    'messaging.system': 'kafka',
    'messaging.destination.name': `${service.namespace}.${noun}`,
    'messaging.operation.name': operation,
    'messaging.operation.type': operation,
    'messaging.message.id': '{u}',
    'messaging.destination.partition.id': '{s}',
    'messaging.kafka.offset': '{n}',
    'messaging.client.id': service.name,
    'server.address': 'kafka',
    'server.port': '9092',
  },
  statementHash: 0n,
  witness: 'sdk',
});

const tool = (service: Service, index: number, noun: string): SpanKindOfWork => ({
  service: index,
  name: `execute_tool update_${noun}`,
  spanKind: 'Internal',
  scope: 'agent',
  system: 'anthropic',
  operation: 'execute_tool',
  target: `tool:update_${noun}`,
  attributes: {
    'gen_ai.provider.name': 'anthropic',
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': `update_${noun}`,
    'gen_ai.tool.call.id': 'toolu_{h}',
    'gen_ai.agent.name': `${service.namespace}-agent`,
    'gen_ai.conversation.id': '{i}',
    'gen_ai.request.model': 'large-4',
    'gen_ai.usage.input_tokens': '{n}',
    'gen_ai.usage.output_tokens': '{s}',
    'gen_ai.response.id': '{h}',
  },
  statementHash: 0n,
  witness: 'sdk',
});

const internal = (index: number, what: string): SpanKindOfWork => ({
  service: index,
  name: what,
  spanKind: 'Internal',
  scope: 'job',
  system: '',
  operation: '',
  target: '',
  attributes: {
    'code.function.name': what,
    'code.file.path': '/app/src/jobs/run.ts',
    'code.line.number': '{s}',
    'thread.id': '{s}',
    'app.tenant': 'acme',
    'app.request.id': '{h}',
    'app.items': '{n}',
    'app.batch': '{i}',
    'app.feature': 'on',
    'app.region': 'eu-central-1',
  },
  statementHash: 0n,
  witness: 'sdk',
});

const scanner = new StatementScanner();

const fingerprintOf = (statement: string): bigint => {
  const bytes = Buffer.from(statement);
  scanner.scan(bytes, 0, bytes.length);
  return (BigInt(scanner.hashHigh) << 32n) | BigInt(scanner.hashLow);
};
