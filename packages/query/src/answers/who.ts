import { z } from 'zod';
import type { WhoAnswer } from '../lineage/who-answer.ts';
import { MISSING } from './missing.ts';
import {
  ACTION,
  ASSURANCE,
  AUTHORITY,
  CAUSE_KIND,
  nanosMoment,
  PRINCIPAL_KIND,
  RUN,
  WITNESS,
} from './record.ts';

const CHAIN_ENTRY = z
  .object({
    action: ACTION,
    causedBy: CAUSE_KIND.exactOptional().describe('The kind of cause that leads to the next entry.'),
    run: RUN.exactOptional().describe('The run that the chain leaves here.'),
  })
  .readonly();

const WITNESS_SEEN = z
  .object({
    witness: WITNESS,
    actor: z.string().exactOptional(),
    agrees: z.boolean().exactOptional().describe('Whether it says the same as the first.'),
  })
  .readonly();

export const WHO = z
  .object({
    sentence: z.string().describe('The whole answer in plain English.'),
    action: ACTION.exactOptional(),
    principal: z
      .object({
        id: z.string(),
        kind: PRINCIPAL_KIND,
        assurance: ASSURANCE,
        how: z.string().describe('What the assurance rests on, for people.'),
      })
      .readonly()
      .exactOptional(),
    run: RUN.exactOptional(),
    handedOffBy: RUN.exactOptional(),
    authority: AUTHORITY.exactOptional(),
    chain: z.array(CHAIN_ENTRY).readonly().describe('From the action up to the root.'),
    witnesses: z.array(WITNESS_SEEN).readonly(),
    candidates: z
      .array(z.object({ action: ACTION, why: z.array(z.string()).readonly() }).readonly())
      .readonly()
      .exactOptional()
      .describe(
        'Of an artefact: actions that may be the one, the likeliest first. The answer is about the first.',
      ),
    asOf: nanosMoment
      .exactOptional()
      .describe('What was received after this moment is left out, as was asked.'),
    missing: z.array(MISSING).readonly(),
  })
  .readonly()
  .meta({
    id: 'Who',
    description: 'A field that is absent is not known, and `missing` says so.',
  }) satisfies z.ZodType<WhoAnswer>;
