const { action, causedBy } = require('@whence/sdk');

exports.works = async () => action('work', {}, () => 'done');

exports.throws = async () => action('work', {}, () => Promise.reject(new RangeError('no such account')));

exports.neverEnds = async () =>
  action('work', {}, async () => {
    await action('done before', {}, async () => {});
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  });

exports.records = async ({ Records }) => {
  action('before them', {}, () => {});
  for (const record of Records) {
    causedBy(record, 'message', () => action(`record ${record.body}`, {}, () => {}));
  }
};
