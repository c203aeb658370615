import { parentPort } from 'node:worker_threads';
import { isCoded } from '@whence/model';
import { protobufFromJson } from './json-request.ts';
import { checkJsonFits } from './json-size.ts';

/** What came of one body, in the order in which they were sent: its protobuf, or why there is none. */
export type JsonAnswer =
  | { readonly protobuf: Uint8Array }
  | { readonly malformed: string }
  | { readonly fault: string };

/** The thread that `JsonReader` starts: OTLP/JSON in, protobuf out, one after the other. */
const answerOf = (body: Uint8Array): JsonAnswer => {
  try {
    checkJsonFits(body);
    const { buffer, byteOffset, length } = body;
    // A copy: what is sent to another thread is given away.
    const protobuf = protobufFromJson(Buffer.from(buffer, byteOffset, length).toString('utf8'));
    return { protobuf: new Uint8Array(protobuf) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return isCoded(error, 'otlp_malformed') ? { malformed: message } : { fault: message };
  }
};

parentPort?.on('message', (body: Uint8Array) => {
  const answer = answerOf(body);
  const given = 'protobuf' in answer ? [answer.protobuf.buffer as ArrayBuffer] : [];
  parentPort?.postMessage(answer, given);
});
