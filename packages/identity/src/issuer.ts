import {
  formatReference,
  isRunId,
  type MacKey,
  newRunId,
  type ReferenceTrust,
  RUN_PATH_MAX_LENGTH,
  type Run,
  signReference,
  withReference,
} from '@whence/model';
import type { Credential } from './credential-fields.ts';
import { chooseGrant } from './grant-choice.ts';
import { createKnownRuns, type KnownRuns } from './known-runs.ts';
import {
  type EndRefusalCode,
  type FindRefusalCode,
  type Refusal,
  refused,
  type StartRefusalCode,
} from './refusal.ts';
import type { RunJournal } from './run-journal.ts';
import { findParent } from './run-parent.ts';
import type { EndRequest, StartRequest } from './run-requests.ts';

export interface StartedRun {
  readonly status: 'started';
  readonly run: Run;
  /** `<run>.<kid>.<mac>`: what proves the run to collectors and gateways. */
  readonly reference: string;
  /** The same as a whole W3C `tracestate` header. */
  readonly traceState: string;
}

export interface EndedRun {
  readonly status: 'ended';
  readonly run: Run;
}

export interface FoundRun {
  readonly status: 'found';
  readonly run: Run;
}

/**
 * Decides who may run what, as whom, and writes it down before it says so. Every call is one credential's: runs of
 * another tenant do not exist for it. Each rejects, having promised nothing, where the journal does.
 */
export interface Issuer {
  /** Not idempotent: each call is another run. */
  start(credential: Credential, request: StartRequest): Promise<StartedRun | Refusal<StartRefusalCode>>;
  /** Idempotent for the same outcome: the first end stands, its time and message included. */
  end(
    credential: Credential,
    runId: string,
    request: EndRequest,
  ): Promise<EndedRun | Refusal<EndRefusalCode>>;
  find(credential: Credential, runId: string): Promise<FoundRun | Refusal<FindRefusalCode>>;
}

export interface IssuerParts {
  /** Signs; must be one of `trust.keys`. */
  readonly macKey: MacKey;
  /** Checks parents. Its trust domain is the issuer's own. */
  readonly trust: ReferenceTrust;
  readonly journal: RunJournal;
  /** Shared with whoever else looks runs up. Default: one of its own. */
  readonly knownRuns?: KnownRuns;
  readonly clock?: () => Date;
}

const KNOWN_RUNS = 10_000;

export const createIssuer = ({
  macKey,
  trust,
  journal,
  knownRuns = createKnownRuns(KNOWN_RUNS),
  clock = () => new Date(),
}: IssuerParts): Issuer => {
  if (!trust.keys.has(macKey.kid)) throw new RangeError(`key ${macKey.kid} is not among the trusted ones`);
  const inTurn = createTurns();

  const lookUp = async (tenant: string, runId: string): Promise<Run | undefined> => {
    if (!isRunId(runId)) return undefined;
    const known = knownRuns.get(tenant, runId);
    if (known !== undefined) return known;
    const stored = await journal.find(tenant, runId);
    if (stored === undefined || stored.tenant !== tenant) return undefined;
    knownRuns.remember(stored);
    return stored;
  };

  const end: Issuer['end'] = async (credential, runId, { outcome, message }) => {
    const run = await lookUp(credential.tenant, runId);
    if (run === undefined) return unknownRun(runId);
    if (run.actor !== credential.actor) {
      const owner = run.actor ?? 'another workload';
      return refused(
        'run_not_yours',
        `run ${runId} was started by ${owner}; ${credential.actor} may not end it`,
      );
    }
    if (run.outcome !== undefined) {
      return run.outcome === outcome
        ? { status: 'ended', run }
        : refused(
            'run_already_ended',
            `run ${runId} ended at ${run.endedAt} with ${run.outcome}, not ${outcome}`,
          );
    }
    const ended: Run = {
      ...run,
      endedAt: new Date(Math.max(clock().getTime(), Date.parse(run.startedAt))).toISOString(),
      outcome,
      ...(message === undefined ? {} : { message }),
    };
    await journal.append({ record: 'ended', run: ended });
    knownRuns.remember(ended);
    return { status: 'ended', run: ended };
  };

  return {
    async start(credential, request) {
      const { tenant, actor } = credential;
      const parent =
        request.parent === undefined
          ? undefined
          : await findParent(request.parent, trust, (runId) => lookUp(tenant, runId));
      if (parent?.status === 'refused') return parent;

      const choice = chooseGrant(credential, request, parent?.run.authority);
      if (choice.status === 'refused') return choice;

      const run: Run = {
        ...placeBelow(parent?.run),
        job: request.job,
        attempt: request.attempt,
        trigger: request.trigger ?? (parent === undefined ? 'api' : 'parent'),
        principal: choice.grant.principal,
        ...(choice.authority === undefined ? {} : { authority: choice.authority }),
        assurance: 'verified',
        actor,
        tenant,
        startedAt: clock().toISOString(),
      };
      await journal.append({ record: 'started', run });
      knownRuns.remember(run);

      const reference = formatReference(signReference(macKey, trust.trustDomain, run.id));
      return { status: 'started', run, reference, traceState: withReference('', reference) };
    },

    // One at a time per run, so that of two ends with different outcomes one is refused.
    end: (credential, runId, request) =>
      inTurn(`${credential.tenant} ${runId}`, () => end(credential, runId, request)),

    async find(credential, runId) {
      const run = await lookUp(credential.tenant, runId);
      return run === undefined ? unknownRun(runId) : { status: 'found', run };
    },
  };
};

/** A new id, and where it stands: below its parent, or a root. A deep run keeps its nearest ancestors. */
const placeBelow = (parent: Run | undefined): Pick<Run, 'id' | 'rootId' | 'parentId' | 'path'> => {
  const id = newRunId();
  return parent === undefined
    ? { id, rootId: id, path: [] }
    : {
        id,
        rootId: parent.rootId,
        parentId: parent.id,
        path: [...parent.path, parent.id].slice(-RUN_PATH_MAX_LENGTH),
      };
};

const unknownRun = (runId: string): Refusal<'run_unknown'> =>
  refused(
    'run_unknown',
    isRunId(runId) ? `there is no run ${runId} here` : 'that is not a run id (a UUIDv7)',
  );

/** Runs tasks of the same key one after another, tasks of different keys at once. */
const createTurns = () => {
  const last = new Map<string, Promise<unknown>>();
  return <Result>(key: string, task: () => Promise<Result>): Promise<Result> => {
    const turn = (last.get(key) ?? Promise.resolve()).then(task, task);
    last.set(key, turn);
    const done = () => {
      if (last.get(key) === turn) last.delete(key);
    };
    turn.then(done, done);
    return turn;
  };
};
