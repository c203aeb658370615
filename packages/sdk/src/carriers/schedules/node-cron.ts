import {
  InstrumentationBase,
  InstrumentationNodeModuleDefinition,
  isWrapped,
} from '@opentelemetry/instrumentation';
import type { CauseElsewhere } from '../caused-by.ts';
import type { TracedLibrary } from '../traced-library.ts';
import { jobName, ticking } from './tick.ts';
import { armingTimers, registrar } from './timer-context.ts';

/**
 * A tick never runs in the context of whoever made the schedule: it is a run of the task's name, linked to it. A task in
 * a file of its own runs in a process of its own, whose start is linked so; what the file exports may be `scheduled`.
 */
export const nodeCron: TracedLibrary = {
  packages: ['node-cron'],
  instrumentation: () => new NodeCronInstrumentation(),
};

interface Task {
  start(): unknown;
}

type MakeTask = (this: unknown, expression: string, fn: unknown, options?: { name?: string }) => Task;

interface NodeCron {
  schedule?: MakeTask;
  createTask?: MakeTask;
}

class NodeCronInstrumentation extends InstrumentationBase {
  constructor() {
    super('@whence/sdk/node-cron', '0.1.0', {});
  }

  protected override init(): InstrumentationNodeModuleDefinition {
    return new InstrumentationNodeModuleDefinition(
      'node-cron',
      ['>=3 <5'],
      (exports: NodeCron & { default?: NodeCron }) => {
        for (const face of new Set([exports, exports.default])) {
          if (typeof face?.schedule !== 'function' || isWrapped(face.schedule)) continue;
          this._wrap(face, 'schedule', patchSchedule);
          if (typeof face.createTask === 'function') this._wrap(face, 'createTask', patchCreateTask);
        }
        return exports;
      },
    );
  }
}

const patchSchedule = (schedule: MakeTask | undefined): MakeTask =>
  function (this: unknown, expression, fn, options) {
    const ticked = ticking(fn, () => jobName(options?.name, expression));
    return armingTimers(() => schedule!.call(this, expression, ticked, options), causeOfProcess(fn));
  };

const patchCreateTask = (createTask: MakeTask | undefined): MakeTask =>
  function (this: unknown, expression, fn, options) {
    const task = createTask!.call(
      this,
      expression,
      ticking(fn, () => jobName(options?.name, expression)),
      options,
    );
    const { start } = task;
    task.start = function (this: Task) {
      return armingTimers(() => start.call(this), causeOfProcess(fn));
    };
    return task;
  };

const causeOfProcess = (fn: unknown): CauseElsewhere | undefined =>
  typeof fn === 'function' ? undefined : registrar();
