import { canDropFiles, dropCaches, writeOut } from '../stage/caches.ts';
import type { Engine } from '../stage/engine.ts';
import { EngineCounters } from '../stage/engine-counters.ts';
import type { QueryService } from '../stage/query-service.ts';
import type { Plan } from '../work/plan.ts';
import { ENDPOINTS, type Endpoint } from './endpoints.ts';
import { lineOf, type Measured, measure } from './measure.ts';
import type { Sample, Samples } from './samples.ts';

export interface EndpointFigures extends Measured {
  /** Absent: was not asked for. */
  readonly cold?: Measured;
  /** Answers that were not what the generator knows, and what was wrong with the first. */
  readonly wrong: number;
  readonly firstFault?: string;
}

/** Questions before those that count. */
const WARM_UP = 20;

/** @returns null for an endpoint that the service does not have, or that has nothing to be asked about. */
export const askEndpoints = async (parts: {
  readonly plan: Plan;
  readonly engine: Engine;
  readonly enginePid: number;
  readonly service: QueryService;
  readonly samples: Samples;
  /** For the cold questions: others. */
  readonly coldSamples: Samples;
  readonly coldQuestions: number;
  readonly only: RegExp;
  readonly say: (line: string) => void;
}): Promise<Readonly<Record<string, EndpointFigures | null>>> => {
  const { plan, engine, service, samples, coldSamples, coldQuestions, only, say } = parts;
  const observed = { counters: new EngineCounters(engine), pids: [parts.enginePid, service.child.pid] };
  const report: Record<string, EndpointFigures | null> = {};
  if (coldQuestions > 0) writeOut();

  for (const endpoint of ENDPOINTS.filter(({ name }) => only.test(name))) {
    const all = samples[endpoint.about];
    if (!service.has(endpoint.route) || all.length === 0) {
      say(
        `${endpoint.name.padEnd(30)} ${all.length === 0 ? 'nothing to ask about' : `the service has no ${endpoint.route}`}`,
      );
      report[endpoint.name] = null;
      continue;
    }
    const faults: string[] = [];
    const ask = async (sample: Sample): Promise<void> => {
      const fault = await faultOf(endpoint, sample, plan, service);
      if (fault !== undefined) faults.push(`${endpoint.path(sample)}: ${fault}`);
    };
    const count = Math.ceil((all.length - WARM_UP) / (endpoint.fewer ?? 1));
    for (const sample of all.slice(0, Math.ceil(WARM_UP / (endpoint.fewer ?? 1)))) await ask(sample);
    const hot = await measure(observed, all.slice(WARM_UP, WARM_UP + count), ask);
    const coldCount = Math.ceil(coldQuestions / (endpoint.fewer ?? 1));
    const cold =
      coldQuestions === 0
        ? undefined
        : await measure(observed, coldSamples[endpoint.about].slice(0, coldCount), ask, () =>
            dropCaches(engine),
          );
    const figures = {
      ...hot,
      ...(cold === undefined ? {} : { cold }),
      wrong: faults.length,
      ...(faults[0] === undefined ? {} : { firstFault: faults[0] }),
    };
    report[endpoint.name] = figures;
    say(`${endpoint.name.padEnd(30)} ${describe(figures)}`);
  }
  return report;
};

const faultOf = async (
  endpoint: Endpoint,
  sample: Sample,
  plan: Plan,
  service: QueryService,
): Promise<string | undefined> => {
  const response = await fetch(`${service.url}${endpoint.path(sample)}`);
  const text = await response.text();
  if (!response.ok) return `${response.status} ${text.slice(0, 300)}`;
  return endpoint.fault?.(JSON.parse(text) as never, sample, plan);
};

const describe = (figures: EndpointFigures): string => {
  const { cold, wrong, firstFault } = figures;
  return [
    lineOf(figures),
    ...(cold === undefined
      ? []
      : [`cold${canDropFiles() ? '' : ' (files not)'}: p50 ${cold.p50Ms} ms, p99 ${cold.p99Ms} ms`]),
    ...(wrong === 0 ? [] : [`${wrong} WRONG, the first: ${firstFault}`]),
  ].join('; ');
};
