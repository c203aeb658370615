import { z } from 'zod';
import type { Route } from '../api/endpoint.ts';
import { callCounter } from './call-counts.ts';
import { duration, idle, millis, name, withinStore } from './fields.ts';
import { DEPENDENCIES } from './first-answers.ts';
import { serviceNameOf } from './first-span.ts';
import { jaegerEndpoint } from './jaeger-endpoint.ts';
import { optionalWarnings } from './names.ts';
import { ENVELOPE, firstRefusal } from './refusals.ts';
import { nowNanos } from './search.ts';

const LOOKBACK_NANOS = 86_400_000_000_000n;

/** Milliseconds, as Jaeger takes them; or with a unit. */
const lookback = z
  .union([
    z
      .string()
      .regex(/^\d{1,15}$/)
      .transform((digits) => BigInt(digits) * 1_000_000n),
    duration,
  ])
  .describe('Milliseconds; a day where not said.');

export const dependenciesRoute = (): Route => {
  const counted = callCounter();
  return jaegerEndpoint({
    path: '/api/dependencies',
    summary: 'Which service calls which, and how often (Jaeger)',
    description:
      'Counted from spans and their parents, by whole hours, the newest first, for some seconds: `warnings` say how far back they reach.',
    examples: [
      { summary: 'Of a day', request: '/api/dependencies?endTs=1772409600000&lookback=86400000' },
      { summary: 'About one service', request: '/api/dependencies?endTs=1772409600000&service=billing' },
    ],
    refusal: firstRefusal,
    parameters: z.object({
      endTs: millis.optional().describe('Milliseconds since the epoch; now, where not said.'),
      lookback: lookback.optional(),
      service: name.optional().describe('Only what it calls, or is called by.'),
      prettyPrint: idle,
    }),
    answer: DEPENDENCIES,
    respond: async ({ parameters }, { readers, asker }) => {
      const toNanos = parameters.endTs ?? nowNanos();
      const fromNanos = withinStore(toNanos - (parameters.lookback ?? LOOKBACK_NANOS));
      const { calls, warnings } = await counted(asker.tenant, readers, fromNanos, toNanos);
      const data = calls
        .map(({ parent, child, count }) => ({
          parent: serviceNameOf(parent),
          child: serviceNameOf(child),
          callCount: count,
        }))
        .filter(
          ({ parent, child }) =>
            parameters.service === undefined || [parent, child].includes(parameters.service),
        );
      return { data, ...ENVELOPE, ...optionalWarnings(warnings) };
    },
  });
};
