// Counts something, and does something.
import { metrics } from '@opentelemetry/api';
import { action, shutdown } from '@whence/sdk';

metrics.getMeter('app').createCounter('jobs_done').add(3);
action('counted', {}, () => {});
await shutdown();
