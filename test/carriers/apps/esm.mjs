const app = await import(process.argv[2]);
await app.default(async (name) => {
  const loaded = await import(name);
  return { ...loaded.default, ...loaded };
});
