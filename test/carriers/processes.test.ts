import { carrierMatrix } from './carrier-matrix.ts';

carrierMatrix('the start of a worker thread', { app: 'thread', inside: true });
carrierMatrix('a message to a worker thread', { app: 'thread-message', inside: true });
carrierMatrix('the start of a child process', { app: 'fork', inside: true });
carrierMatrix('a message to a child process', { app: 'fork-message', inside: true });
carrierMatrix('the start of a cluster worker', { app: 'cluster', inside: true });
