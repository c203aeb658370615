/** Converts between currencies over gRPC. Stock OpenTelemetry only: nothing here knows of Whence. */
import { type handleUnaryCall, Server, ServerCredentials, status } from '@grpc/grpc-js';
import { type ConvertReply, type ConvertRequest, Rates } from './fx-rates.ts';

const EUROS_PER_UNIT: Readonly<Record<string, number>> = { EUR: 1, SEK: 0.089, USD: 0.92 };

const convert: handleUnaryCall<ConvertRequest, ConvertReply> = ({ request }, answer) => {
  const from = EUROS_PER_UNIT[request.from];
  const to = EUROS_PER_UNIT[request.to];
  if (from === undefined || to === undefined) {
    answer({ code: status.INVALID_ARGUMENT, details: `no rate from ${request.from} to ${request.to}` });
    return;
  }
  const rate = from / to;
  answer(null, { rate, amount: Math.round(request.amount * rate * 100) / 100 });
};

const server = new Server();
server.addService(Rates.service, { Convert: convert });
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  console.log(`fx ready at grpc://127.0.0.1:${port}`);
});
