const { context, propagation, ROOT_CONTEXT } = require('@opentelemetry/api');
const { farWork } = require('../far-work.cjs');

/** The one record of the batch. Under OpenTelemetry alone its context is the handler's to restore. */
exports.far = ({ Records: [record] }) =>
  process.env.STOCK
    ? context.with(propagation.extract(ROOT_CONTEXT, record.messageAttributes, GETTER), farWork)
    : farWork();

const GETTER = {
  keys: (attributes) => Object.keys(attributes),
  get: (attributes, name) => attributes[name]?.stringValue,
};
