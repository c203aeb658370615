import { attributionOf, type Readers, type RecordedAction, spanKey } from '@whence/store';
import type { NotInherited } from './verdict.ts';
import { type WorkedOut, workOut } from './work-out.ts';

/** What can be said now of actions that came without a reference, by `spanKey`. */
export interface InheritanceNow {
  /** The action as it stands by what it inherits. Others are given back as they are. */
  of(record: RecordedAction): RecordedAction;
  /** On the way to what it rests on, what one workload says was joined to what another one sent. */
  crossesSenders(record: RecordedAction): boolean;
  /** Why it inherits nothing. Absent: it does, or it has a reference of its own. */
  whyNot(record: RecordedAction): NotInherited | undefined;
}

/** As of now, whatever was written down before. Reads the traces of those without a reference. */
export const inheritanceNow = async (
  readers: Readers,
  records: readonly RecordedAction[],
): Promise<InheritanceNow> => {
  const traceIds = [...new Set(records.filter(isUnstamped).map(({ action }) => action.traceId))];
  const known = new Map<string, WorkedOut>();
  for (let left: readonly string[] = traceIds; left.length > 0; ) {
    const ids = left.slice(0, TRACES_AT_ONCE);
    const { actions, gathered } = await workOut(readers, { by: 'id', ids });
    for (const worked of actions) known.set(spanKey(worked.span), worked);
    const read = new Set(gathered.traceIds);
    left = left.filter((traceId) => !read.has(traceId));
  }
  const outcomeOf = (record: RecordedAction): WorkedOut['outcome'] | undefined =>
    isUnstamped(record) ? (known.get(spanKey(record.action))?.outcome ?? unread(record)) : undefined;

  return {
    of: (record) => {
      const outcome = outcomeOf(record);
      return outcome?.status === 'inherited'
        ? { ...record, action: { ...record.action, ...attributionOf(outcome.inherited) } }
        : record;
    },
    crossesSenders: (record) => {
      const outcome = outcomeOf(record);
      return outcome?.status === 'inherited' && outcome.verdict.crossesSenders;
    },
    whyNot: (record) => {
      const outcome = outcomeOf(record);
      return outcome?.status === 'not_inherited' ? outcome : undefined;
    },
  };
};

/** Few, so that all that they are linked to finds room. */
const TRACES_AT_ONCE = 20;

const isUnstamped = ({ action }: RecordedAction): boolean => action.assurance === 'none';

/** Of a trace that is too large to be read. */
const unread = ({ action: { traceId, spanId } }: RecordedAction): NotInherited => ({
  status: 'not_inherited',
  because: 'too_large',
  at: { traceId, spanId },
});
