export type { RetentionAnswer } from './answers/retention.ts';
export type { Problem } from './api/problem.ts';
export type { Missing, MissingCode } from './lineage/missing.ts';
export type { BranchTotals, RunTree, TreeNode, TreeTotals } from './lineage/tree/run-tree.ts';
export type { Candidate, ChainEntry, NamedPrincipal, WhoAnswer, WitnessSeen } from './lineage/who-answer.ts';
export { QueryError, type QueryErrorCode } from './query-error.ts';
export { type QueryOptions, type QueryService, startQuery } from './query-service.ts';
