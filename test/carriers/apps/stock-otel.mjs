// A service that has never heard of Whence: OpenTelemetry's own SDK and instrumentations, and nothing else.

import { defaultTextMapGetter, propagation, ROOT_CONTEXT } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { AmqplibInstrumentation } from '@opentelemetry/instrumentation-amqplib';
import { AwsLambdaInstrumentation } from '@opentelemetry/instrumentation-aws-lambda';
import { AwsInstrumentation } from '@opentelemetry/instrumentation-aws-sdk';
import { GrpcInstrumentation } from '@opentelemetry/instrumentation-grpc';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { IORedisInstrumentation } from '@opentelemetry/instrumentation-ioredis';
import { KafkaJsInstrumentation } from '@opentelemetry/instrumentation-kafkajs';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { register } from 'import-in-the-middle/register-hooks.mjs';

register();
new NodeSDK({
  spanProcessors: [new SimpleSpanProcessor({ exporter: new OTLPTraceExporter() })],
  metricReaders: [],
  logRecordProcessors: [],
  instrumentations: [
    new HttpInstrumentation(),
    new UndiciInstrumentation(),
    new GrpcInstrumentation(),
    new PgInstrumentation(),
    new IORedisInstrumentation(),
    new KafkaJsInstrumentation(),
    new AmqplibInstrumentation(),
    new AwsInstrumentation(),
    new AwsLambdaInstrumentation({
      eventContextExtractor: (_event, { clientContext }) =>
        propagation.extract(ROOT_CONTEXT, clientContext?.custom ?? {}, defaultTextMapGetter),
    }),
  ],
}).start();
