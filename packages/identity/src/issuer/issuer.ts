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
import type { Credential } from '../credentials/credential-fields.ts';
import type { TokenMint } from '../transaction-tokens/mint-transaction-token.ts';
import { chooseGrant, stillGranted } from './grant-choice.ts';
import { createKnownRuns, type KnownRuns } from './known-runs.ts';
import {
  type EndRefusalCode,
  type FindRefusalCode,
  type Refusal,
  refused,
  type StartRefusalCode,
  type TokenRefusalCode,
} from './refusal.ts';
import type { RunJournal } from './run-journal.ts';
import { findParent } from './run-parent.ts';
import type { EndRequest, StartRequest } from './run-requests.ts';
import { type BegunRun, createStartOnce, type StartOnce } from './start-once.ts';
import { createTurns } from './turns.ts';

export interface StartedRun {
  readonly status: 'started';
  readonly run: Run;
  /** `<run>.<kid>.<mac>`: what proves the run to collectors and gateways. */
  readonly reference: string;
  /** The same as a whole W3C `tracestate` header. */
  readonly traceState: string;
  /**
   * The run's first Transaction Token: for the workload that started it, never to be logged or kept. Absent where a
   * repeated start finds that the run has ended, or its grant is gone, meanwhile.
   */
  readonly txnToken?: string;
}

export interface IssuedToken {
  readonly status: 'issued';
  readonly txnToken: string;
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
  /**
   * Each call is another run, unless it brings an `idempotencyKey`: for 10 minutes the same key of the same workload
   * with the same request is the same run, as long as this process lives.
   */
  start(
    credential: Credential,
    request: StartRequest,
    idempotencyKey?: string,
  ): Promise<StartedRun | Refusal<StartRefusalCode>>;
  /** A fresh Transaction Token for a run that is open: a token lives minutes, a run hours. */
  token(credential: Credential, runId: string): Promise<IssuedToken | Refusal<TokenRefusalCode>>;
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
  readonly mint: TokenMint;
  /** Default: one of its own. */
  readonly startOnce?: StartOnce;
  /** Shared with whoever else looks runs up. Default: one of its own. */
  readonly knownRuns?: KnownRuns;
  readonly clock?: () => Date;
}

const KNOWN_RUNS = 10_000;

export const createIssuer = ({
  macKey,
  trust,
  journal,
  mint,
  startOnce = createStartOnce(),
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
    if (stored === undefined || stored.tenant !== tenant || stored.assurance !== 'verified') return undefined;
    knownRuns.remember(stored);
    return stored;
  };

  const end: Issuer['end'] = async (credential, runId, { outcome, message }) => {
    const run = await lookUp(credential.tenant, runId);
    if (run === undefined) return unknownRun(runId);
    if (run.actor !== credential.actor) return notYours(run, credential, 'end it');
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

  const begin = async (
    credential: Credential,
    request: StartRequest,
  ): Promise<BegunRun | Refusal<StartRefusalCode>> => {
    const { tenant, actor } = credential;
    const parent =
      request.parent === undefined
        ? undefined
        : await findParent(request.parent, trust, (runId) => lookUp(tenant, runId));
    if (parent?.status === 'refused') return parent;

    const choice = chooseGrant(credential, request, parent?.run.authority);
    if (choice.status === 'refused') return choice;
    const { principal } = choice.grant;
    if (request.trigger === 'handoff' && parent?.run.principal.id === principal.id) {
      return refused(
        'handoff_to_itself',
        `run ${parent.run.id} acts as ${principal.id} already: a handoff is to another principal`,
        'principal',
      );
    }

    const run: Run = {
      ...placeBelow(parent?.run),
      job: request.job,
      attempt: request.attempt,
      trigger: request.trigger ?? (parent === undefined ? 'api' : 'parent'),
      principal,
      ...(choice.authority === undefined ? {} : { authority: choice.authority }),
      assurance: 'verified',
      actor,
      tenant,
      startedAt: clock().toISOString(),
    };
    await journal.append({ record: 'started', run });
    knownRuns.remember(run);
    return { status: 'begun', run };
  };

  return {
    async start(credential, request, idempotencyKey) {
      const begun =
        idempotencyKey === undefined
          ? await begin(credential, request)
          : await startOnce.start(credential, idempotencyKey, request, () => begin(credential, request));
      if (begun.status === 'refused') return begun;

      const { run } = begun;
      const reference = formatReference(signReference(macKey, trust.trustDomain, run.id));
      const open = knownRuns.get(run.tenant, run.id)?.outcome === undefined && stillGranted(credential, run);
      return {
        status: 'started',
        run,
        reference,
        traceState: withReference('', reference),
        ...(open ? { txnToken: await mint(run, credential.actor, clock()) } : {}),
      };
    },

    async token(credential, runId) {
      const run = await lookUp(credential.tenant, runId);
      if (run === undefined) return unknownRun(runId);
      if (run.actor !== credential.actor) return notYours(run, credential, 'have its tokens');
      if (run.outcome !== undefined) {
        return refused('run_already_ended', `run ${runId} ended at ${run.endedAt} with ${run.outcome}`);
      }
      if (!stillGranted(credential, run)) {
        return refused(
          'grant_withdrawn',
          `credential ${credential.id} may no longer run job "${run.job}" as ${run.principal.id}`,
        );
      }
      return { status: 'issued', txnToken: await mint(run, credential.actor, clock()) };
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

const notYours = (run: Run, { actor }: Credential, what: string): Refusal<'run_not_yours'> =>
  refused(
    'run_not_yours',
    `run ${run.id} was started by ${run.actor ?? 'another workload'}; ${actor} may not ${what}`,
  );
