/** `fx.Rates` of fx.proto, for its server and its clients. */
import { fileURLToPath } from 'node:url';
import { type GrpcObject, loadPackageDefinition, type ServiceClientConstructor } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

export interface ConvertRequest {
  readonly from: string;
  readonly to: string;
  readonly amount: number;
}

export interface ConvertReply {
  readonly amount: number;
  readonly rate: number;
}

const proto = loadPackageDefinition(loadSync(fileURLToPath(new URL('fx.proto', import.meta.url))));

export const Rates = (proto['fx'] as GrpcObject)['Rates'] as ServiceClientConstructor;
