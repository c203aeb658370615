// Another SDK was there first.
import { trace } from '@opentelemetry/api';
import { TracerProvider } from '@opentelemetry/sdk-trace';

trace.setGlobalTracerProvider(new TracerProvider());
const { run, whence } = await import('@whence/sdk');
whence();
await run({ job: 'beside' }, () => {});
