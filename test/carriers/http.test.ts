import { carrierMatrix } from './carrier-matrix.ts';

carrierMatrix('http', { app: 'http' });
