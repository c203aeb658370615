import type { JsonStream } from '../api/json-stream.ts';
import type { NotedTrace } from './noted-trace.ts';
import { resourceSpansOf } from './otlp-spans.ts';

/** `{"result":{"resourceSpans":[…]},"warnings":[…]}` */
export const sendOtlp = async (
  out: JsonStream,
  traces: AsyncIterable<NotedTrace> | Iterable<NotedTrace>,
  aside: () => readonly string[] = () => [],
): Promise<void> => {
  const warnings: string[] = [];
  let separator = '';
  await out.write('{"result":{"resourceSpans":[');
  for await (const trace of traces) {
    for await (const chunk of trace.chunks) {
      for (const group of resourceSpansOf(chunk)) {
        await out.write(separator + JSON.stringify(group));
        separator = ',';
      }
      if (out.closed) return;
    }
    warnings.push(...trace.warnings());
  }
  warnings.push(...aside());
  out.end(`]}${warnings.length === 0 ? '' : `,"warnings":${JSON.stringify(warnings)}`}}\n`);
};
