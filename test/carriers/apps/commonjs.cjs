const app = require(process.argv[2]);
app(async (name) => require(name));
