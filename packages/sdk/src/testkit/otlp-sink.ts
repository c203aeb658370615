import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { type SinkSpan, spansOf } from './otlp-schema.ts';

/** An OTLP/HTTP receiver that keeps what it is sent. */
export interface OtlpSink {
  readonly url: string;
  readonly spans: SinkSpan[];
  /** `Authorization` of each request. */
  readonly authorizations: (string | undefined)[];
  /** What it answers; 200 unless a test says otherwise. */
  status: number;
  /** The body of its answers; empty unless a test says otherwise. */
  answer: Buffer;
  /** @param kind as on the wire, where several have the name */
  named(name: string, kind?: number): SinkSpan;
  clear(): void;
  close(): Promise<void>;
}

export const otlpSink = async (port = 0): Promise<OtlpSink> => {
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks);
      sink.authorizations.push(incoming.headers.authorization);
      if (sink.status === 200 && incoming.url === '/v1/traces') {
        sink.spans.push(
          ...spansOf(incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body),
        );
      }
      outgoing.writeHead(sink.status, { 'content-type': 'application/x-protobuf' }).end(sink.answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const sink: OtlpSink = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: [],
    authorizations: [],
    status: 200,
    answer: Buffer.alloc(0),
    named: (name, kind) => {
      const found = sink.spans.filter(
        (span) => span.name === name && (kind === undefined || span.kind === kind),
      );
      if (found.length !== 1) {
        const names = sink.spans.map((span) => span.name).join(', ');
        throw new Error(`${found.length} spans are named ${name}, among: ${names}`);
      }
      return found[0]!;
    },
    clear: () => {
      sink.spans.length = 0;
      sink.authorizations.length = 0;
      sink.status = 200;
      sink.answer = Buffer.alloc(0);
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return sink;
};
