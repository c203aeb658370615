/**
 * Preloaded into every process of the demo (`node --import`): where the demo is gone, however it went, its end of the
 * channel closes, and the process ends as if it had been told to.
 */
process.once('disconnect', () => {
  // Nobody reads on: what is said while ending must not end it.
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
  process.kill(process.pid, 'SIGTERM');
});
// The channel alone keeps nothing running.
process.channel?.unref();
