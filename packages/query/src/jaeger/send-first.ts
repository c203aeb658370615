import type { JsonStream } from '../api/json-stream.ts';
import { firstSpanOf, processOf } from './first-span.ts';
import type { NotedTrace } from './noted-trace.ts';
import { ENVELOPE } from './refusals.ts';
import { shortTraceId } from './trace-id.ts';

/** What the first API says of an answer as a whole, beside the traces. */
export interface Aside {
  readonly errors?: readonly { readonly msg: string; readonly traceID: string }[];
  /** Asked for once the traces have been sent. */
  readonly warnings?: () => readonly string[];
}

/** `{"data":[{"traceID":…,"spans":[…],"processes":{…},"warnings":…}],"total":0,…}` */
export const sendFirst = async (
  out: JsonStream,
  traces: AsyncIterable<NotedTrace> | Iterable<NotedTrace>,
  aside: Aside = {},
): Promise<void> => {
  await out.write('{"data":[');
  let separator = '';
  for await (const trace of traces) {
    await out.write(separator);
    await sendTrace(out, trace);
    separator = ',';
    if (out.closed) return;
  }
  const { errors = [] } = aside;
  const warnings = aside.warnings?.() ?? [];
  const rest = {
    ...ENVELOPE,
    errors: errors.length === 0 ? null : errors,
    ...(warnings.length === 0 ? {} : { warnings }),
  };
  out.end(`],${JSON.stringify(rest).slice(1)}\n`);
};

const sendTrace = async (out: JsonStream, { traceId, chunks, warnings }: NotedTrace): Promise<void> => {
  const processes = new Map<string, { readonly id: string; readonly json: string }>();
  await out.write(`{"traceID":${JSON.stringify(shortTraceId(traceId))},"spans":[`);
  let separator = '';
  for await (const chunk of chunks) {
    for (const { span, notes } of chunk) {
      const json = JSON.stringify(processOf(span));
      const process = processes.get(json) ?? { id: `p${processes.size + 1}`, json };
      processes.set(json, process);
      await out.write(separator + JSON.stringify(firstSpanOf(span, notes, process.id)));
      separator = ',';
    }
    if (out.closed) return;
  }
  const named = [...processes.values()].map(({ id, json }) => `"${id}":${json}`).join(',');
  const said = warnings();
  await out.write(`],"processes":{${named}},"warnings":${JSON.stringify(said.length === 0 ? null : said)}}`);
};
