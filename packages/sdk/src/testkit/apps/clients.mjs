// Every instrumented client, imported by an ES module.

import { createServer, get } from 'node:http';
import * as grpc from '@grpc/grpc-js';
import everyClient from './every-client.cjs';

everyClient.callAll({ http: { createServer, get }, grpc, sdk: import('@whence/sdk') });
