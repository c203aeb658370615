export { freePort } from '../../packages/sdk/src/testkit/free-port.ts';
