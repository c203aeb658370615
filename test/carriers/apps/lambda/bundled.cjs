// As bundlers write exports: getters that nobody can redefine.
Object.defineProperty(exports, 'handler', { get: () => require('./handlers.cjs').works, enumerable: true });
