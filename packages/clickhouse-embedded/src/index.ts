export {
  type EmbeddedClickHouse,
  type EmbeddedExit,
  type EmbeddedOptions,
  startEmbedded,
} from './start-embedded.ts';
