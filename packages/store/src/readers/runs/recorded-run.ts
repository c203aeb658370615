import type { Assurance, Run } from '@whence/model';

/** A run as it is held: its records, put together. */
export interface RecordedRun {
  readonly run: Run;
  /** Another record of this run id says something else of who ran what. The better proven one is shown. */
  readonly disputed: boolean;
}

/**
 * Whether a run's record may name the principal of an action. Where the action's reference was checked, only a record
 * that an issuer made speaks for it: a claim under the same id may be anyone's.
 */
export const mayName = (assurance: Assurance, run: Run): boolean => {
  switch (assurance) {
    case 'verified':
    case 'inherited':
      return run.assurance === 'verified';
    case 'asserted':
      return true;
    case 'none':
    case 'refuted':
      return false;
  }
};
