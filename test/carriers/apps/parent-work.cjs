const { context, propagation, ROOT_CONTEXT } = require('@opentelemetry/api');
const { EnvironmentGetter } = require('@opentelemetry/propagator-env-carrier');
const { farWork } = require('./far-work.cjs');

/** What a process does at its top level. OpenTelemetry alone reads its parent from the environment when it is told to. */
exports.parentWork = () => {
  if (process.env.STOCK === undefined) farWork();
  else context.with(propagation.extract(ROOT_CONTEXT, undefined, new EnvironmentGetter()), farWork);
};
