import type { NotInherited, Reason } from './verdict.ts';

/** What people are told of an action that nothing could be taken over for: how the sentence about the span goes on. */
const WORDS: Readonly<Record<Reason, string>> = {
  nothing_above: 'is the topmost of its trace, and no link of it says whose work it goes on with',
  parent_missing: 'has a parent that has not arrived',
  cause_missing: 'names a cause by a link that has not arrived',
  cycle: 'is part of a circle of parents or links',
  refuted: 'came with a reference that failed its check',
  asserted: 'only claims to be part of a run',
  in_doubt: 'was done where the process itself could not tell, or denies, whose it was',
  contested: 'has records that contradict each other',
  several_causes: 'was brought about by more than one run, or by more than can be looked at',
  own_work:
    'began something of its own: a run, a tick, what was handed over, or a call that its service does not take on trust',
  other_sender:
    'was sent by another workload than what is above it, and the two do not say that a call or message went from one to the other',
  several_arrivals: 'is one of several that say to be the arrival of one call',
  too_far: 'is further from a checked one than is followed',
  too_large: 'is in a trace of more spans than are read at once',
  mark: 'is a mark of the recorder, not an action',
};

export const whyNot = ({ because, at }: NotInherited): string =>
  `Nor could it be attributed by what is above it: span ${at.spanId} of trace ${at.traceId} ${WORDS[because]}.`;
