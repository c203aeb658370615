export type { RunTree as TreeAnswer, TreeNode, WhoAnswer } from '@whence/query';
export { type RenderOptions, renderTree } from './render/tree.ts';
export { renderWho } from './render/who.ts';
export { type Up, type UpOptions, up } from './up/up.ts';
