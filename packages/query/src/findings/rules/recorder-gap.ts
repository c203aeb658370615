import { z } from 'zod';
import { type Found, HOUR, MINUTE, rule } from '../rule.ts';
import { between, day, listed, sender, shown } from '../wording.ts';

export const recorderGap = rule({
  code: 'recorder_gap',
  severity: 'medium',
  says: 'The record has a hole: a collector could not keep what it had taken, a service says that it lost spans, or numbers of a process (whence.sequence) are missing between those that came. What a process lost at its very end shows in nothing.',
  advice:
    'What is missing is not known to be innocent. Look at the log of the collector, and at the disk and the receiver of the service.',
  settings: z.object({
    graceMinutes: z
      .number()
      .min(1)
      .max(10_080)
      .default(30)
      .describe('How long a number may be missing: spans wait on disk, and come in any order.'),
    minimum: z.number().int().min(1).default(1).describe('Fewer missing numbers of a process are not told.'),
  }),
  everyMillis: 5 * MINUTE,
  find: async ({ detectors, window, nowMillis, settings: { graceMinutes, minimum } }) => {
    const judgedTo = nowMillis - graceMinutes * MINUTE;
    const [gaps, lost, sequences] = await Promise.all([
      detectors.collectorGaps(window),
      detectors.lostSpans(window),
      detectors.processSequences(
        { fromMillis: Math.min(window.fromMillis, judgedTo) - 2 * HOUR, toMillis: nowMillis },
        judgedTo,
      ),
    ]);
    return {
      found: [
        ...gaps.map(
          (gap): Found => ({
            key: ['gap', gap.table, gap.batchId, gap.reason],
            subject: { kind: 'recorder', id: gap.collector },
            severity: 'high',
            sentence: `The collector on ${shown(gap.collector)} could not keep rows for ${shown(gap.table)} that it had taken (${shown(gap.reason)}), on ${day(gap.detectedMillis)}.`,
            evidence: {
              figures: { table: gap.table, batch: gap.batchId, reason: gap.reason, rows: gap.rows },
            },
            firstSeenMillis: gap.detectedMillis,
            lastSeenMillis: gap.detectedMillis,
            count: Math.max(1, gap.rows),
          }),
        ),
        ...lost.map(
          (each): Found => ({
            key: ['lost', each.service, each.actor, day(each.hourMillis)],
            part: each.hourMillis,
            subject: { kind: 'service', id: each.service },
            sentence: `${sender(each.actor, each.service)} says that it lost spans on ${day(each.hourMillis)}${each.reasons.length === 0 ? '' : `: ${listed(each.reasons)}`}.`,
            evidence: {
              actions: each.actions,
              search: {
                service: each.service,
                text: 'spans lost',
                ...between(each.firstSeenMillis, each.lastSeenMillis),
              },
              figures: { lost: each.lost, reasons: each.reasons },
            },
            firstSeenMillis: each.firstSeenMillis,
            lastSeenMillis: each.lastSeenMillis,
            count: Math.max(1, each.lost),
          }),
        ),
        ...sequences
          .filter(({ missing }) => missing >= minimum)
          .map(
            (each): Found => ({
              key: ['sequence', each.service, each.instance],
              subject: { kind: 'service', id: each.service },
              sentence: `Spans of ${sender(each.actor, each.service)}, process ${shown(each.instance)}, are missing: later ones have come.`,
              evidence: {
                search: { service: each.service, ...between(each.firstMillis, each.lastMillis) },
                figures: {
                  instance: each.instance,
                  missing: each.missing,
                  lastNumber: each.last,
                  graceMinutes,
                },
              },
              firstSeenMillis: each.firstMillis,
              lastSeenMillis: each.lastMillis,
              count: each.missing,
            }),
          ),
      ],
      lookedFor: ({ evidence: { figures }, subject }) =>
        sequences.some(
          ({ service, instance, missing }) =>
            missing < minimum && service === subject.id && instance === figures['instance'],
        ),
    };
  },
});
