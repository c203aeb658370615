import type { Inherited, Readers, RecordedRun, SpanEvidence, TraceSelection } from '@whence/store';
import { mayName } from '@whence/store';
import { type Gathered, gather } from './gather.ts';
import { inheritedOf, runsNeeded } from './naming.ts';
import { attributionRules } from './rules.ts';
import type { InheritedVerdict, NotInherited } from './verdict.ts';

/** One action without a reference, and what can be said of it. */
export interface WorkedOut {
  readonly span: SpanEvidence;
  readonly outcome:
    | { readonly status: 'inherited'; readonly verdict: InheritedVerdict; readonly inherited: Inherited }
    | NotInherited;
}

export interface TracesWorkedOut {
  readonly actions: readonly WorkedOut[];
  readonly gathered: Gathered;
  /** Runs of which there is no issuer's record yet. */
  readonly runsMissing: readonly string[];
}

/** Every action without a reference in these traces, by what the store holds now. */
export const workOut = async (
  readers: Pick<Readers, 'evidence' | 'runs'>,
  traces: TraceSelection,
): Promise<TracesWorkedOut> => {
  const gathered = await gather(readers.evidence, traces);
  const verdictOf = attributionRules(gathered.evidence);
  const judged = gathered.traceIds
    .flatMap((traceId) => gathered.evidence.spansOf(traceId))
    .map((span) => ({ span, verdict: verdictOf(span) }));
  const needed = runsNeeded(
    judged.map(({ verdict }) => verdict).filter((verdict) => verdict.status === 'inherited'),
  );
  const runs = await readers.runs.byIds(needed);
  const actions: WorkedOut[] = [];
  for (const { span, verdict } of judged) {
    if (verdict.status === 'own') continue;
    const outcome =
      verdict.status === 'inherited'
        ? { status: verdict.status, verdict, inherited: inheritedOf(verdict, runs) }
        : verdict;
    actions.push({ span, outcome });
  }
  return { actions, gathered, runsMissing: needed.filter((id) => !isNamed(runs.get(id))) };
};

const isNamed = (recorded: RecordedRun | undefined): boolean =>
  recorded !== undefined && mayName('inherited', recorded.run);
