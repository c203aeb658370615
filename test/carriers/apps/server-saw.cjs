/** What the near side learned from the server of a database about what it was sent. */
exports.say = (seen) => process.stdout.write(`${JSON.stringify({ seen })}\n`);
