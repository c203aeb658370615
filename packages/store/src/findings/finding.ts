/** How much it matters, least first. */
export const SEVERITIES = ['info', 'low', 'medium', 'high'] as const;

export type Severity = (typeof SEVERITIES)[number];

export const SUBJECT_KINDS = [
  'principal',
  'run',
  'target',
  'actor',
  'credential',
  'authority',
  'service',
  'recorder',
  'rule',
] as const;

export type SubjectKind = (typeof SUBJECT_KINDS)[number];

/**
 * What stands as proof. Everything here can be asked for: the actions by `/v1/who`, the runs by `/v1/runs`, all that it
 * is about by `/v1/actions` with the parameters of `search`.
 */
export interface FindingEvidence {
  /** Some of the actions, the first ones. */
  readonly actions?: readonly { readonly traceId: string; readonly spanId: string }[];
  /** Some of the runs. */
  readonly runs?: readonly string[];
  /** Parameters of `/v1/actions` that find all of them. */
  readonly search?: Readonly<Record<string, string>>;
  /** What it rests on: counts, baselines, limits, names. */
  readonly figures: Readonly<Record<string, string | number | readonly string[]>>;
}

/** One hour of a finding, or the whole of one that is of no hour, as the engine tells it. */
export interface FindingPart {
  /** UUID that follows from what was found: the same whoever finds it. */
  readonly id: string;
  /** When its hour began, milliseconds since the epoch; 0: of no hour. */
  readonly part: number;
  readonly rule: string;
  readonly severity: Severity;
  readonly subject: { readonly kind: SubjectKind; readonly id: string };
  /** The one principal that it is about. */
  readonly principal?: string;
  /** The one target. */
  readonly target?: string;
  /** For people. Holds no counts that grow. */
  readonly sentence: string;
  readonly evidence: FindingEvidence;
  /** Milliseconds since the epoch. */
  readonly firstSeenMillis: number;
  readonly lastSeenMillis: number;
  /** How often, in this part. 0: no longer so. */
  readonly count: number;
}

/**
 * `open`: nobody has said anything. `acknowledged`: somebody has it. `muted`: a rule says that it is not wanted.
 * `resolved`: what was found is no longer so.
 */
export const FINDING_STATES = ['open', 'acknowledged', 'muted', 'resolved'] as const;

export type FindingState = (typeof FINDING_STATES)[number];

/** A finding as it stands. Moments are RFC 3339, milliseconds, UTC. */
export interface Finding extends Omit<FindingPart, 'part' | 'firstSeenMillis' | 'lastSeenMillis'> {
  readonly firstSeen: string;
  readonly lastSeen: string;
  /** When it was first told. */
  readonly detectedAt: string;
  /** When anything of it last changed. */
  readonly changedAt: string;
  readonly state: FindingState;
  readonly acknowledged?: FindingWord;
}

export interface FindingWord {
  readonly by: string;
  /** RFC 3339. */
  readonly at: string;
  readonly reason: string;
}
