import type { Assurance, Run } from '@whence/model';
import type { RunColumns } from '../attribution/attributor.ts';
import { ATTRIBUTED_PREFIX, type AttributesFor } from '../otlp/attributed-request.ts';
import { WireWriter } from '../otlp/wire-writer.ts';

const SPAN_ATTRIBUTES = 9;

/** Who sends, as authenticated. */
export interface ForwardedSender {
  readonly tenant: string;
  readonly actor: string;
}

/**
 * What the collector knows of a span, as span attributes under `whence.attributed.`. Made once per run and sender, then
 * remembered for as long as the columns are.
 */
export const attributionAttributes = (
  sender: ForwardedSender,
  recordOf: (runId: string) => Run | undefined,
): AttributesFor => {
  const memo = new WeakMap<RunColumns, Uint8Array>();
  return (columns) => {
    let bytes = memo.get(columns);
    if (bytes === undefined) {
      bytes = encode(sender, columns.assurance, columns.runId, recordOf);
      memo.set(columns, bytes);
    }
    return bytes;
  };
};

const encode = (
  sender: ForwardedSender,
  assurance: Assurance,
  runId: string | undefined,
  recordOf: (runId: string) => Run | undefined,
): Uint8Array => {
  const run = runId === undefined || assurance !== 'verified' ? undefined : recordOf(runId);
  const writer = new WireWriter();
  const add = (key: string, value: string | undefined): void => {
    if (value === undefined || value === '') return;
    const pair = new WireWriter().string(1, ATTRIBUTED_PREFIX + key);
    writer.message(SPAN_ATTRIBUTES, pair.message(2, new WireWriter().string(1, value)));
  };
  add('assurance', assurance);
  add('run.id', runId);
  add('run.root.id', run?.rootId);
  add('run.job', run?.job);
  add('principal.id', run?.principal.id);
  add('principal.kind', run?.principal.kind);
  add('authority.id', run?.authority?.id);
  add('actor', sender.actor);
  add('tenant', sender.tenant);
  return writer.finish();
};
