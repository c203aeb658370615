export type { ChainLink, TreeAnswer, TreeNode, WhoAnswer, WitnessNote } from './api/answers.ts';
export { type RenderOptions, renderTree } from './render/tree.ts';
export { renderWho } from './render/who.ts';
export { type Up, type UpOptions, up } from './up/up.ts';
