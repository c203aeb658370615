import { clickHouseError } from './clickhouse-error.ts';
import { isMark, isWord, type Token } from './sql-tokens.ts';

/** The table functions that reach neither a file, nor a network, nor a process. All others are refused. */
const safeTableFunctions = lowerCaseSet(
  `numbers numbers_mt zeros zeros_mt primes generate_series generateSeries generateRandom values SQLStandardValues
  null view viewIfPermitted viewExplain merge format input dictionary loop fuzzQuery fuzzJSON mergeTreeIndex
  mergeTreeProjection mergeTreeTextIndex mergeTreeAnalyzeIndexes mergeTreeAnalyzeIndexesUUID timeSeriesSelector
  timeSeriesMetrics timeSeriesTags timeSeriesSamples timeSeriesData prometheusQuery prometheusQueryRange`,
);

/** Functions and clauses, not table functions, that reach out of the store in the same way. */
const unsafeFunctions = lowerCaseSet(
  'file disk catboostEvaluate aiClassify aiGenerate aiEmbed aiExtract aiTranslate',
);

/** Settings that name a file or a host, and the one that changes the language these rules are about. */
const unsafeSettings = lowerCaseSet(
  `dialect format_schema format_template_row format_template_resultset format_avro_schema_registry_url
  output_format_schema input_format_record_errors_file_path`,
);

const safeEngines = lowerCaseSet(
  `MergeTree ReplacingMergeTree SummingMergeTree AggregatingMergeTree CollapsingMergeTree
  VersionedCollapsingMergeTree GraphiteMergeTree CoalescingMergeTree Log TinyLog StripeLog Memory Null Set Join
  Buffer View MaterializedView WindowView Merge Dictionary GenerateRandom Alias TimeSeries EmbeddedRocksDB
  Atomic Ordinary ReplicatedMergeTree ReplicatedReplacingMergeTree ReplicatedSummingMergeTree
  ReplicatedAggregatingMergeTree ReplicatedCollapsingMergeTree ReplicatedVersionedCollapsingMergeTree
  ReplicatedGraphiteMergeTree ReplicatedCoalescingMergeTree`,
);

const forbiddenPairs: ReadonlyArray<readonly [string, string]> = [
  ['INTO', 'OUTFILE'],
  ['FROM', 'INFILE'],
  ['INTO', 'FUNCTION'],
  ['TABLE', 'FUNCTION'],
  ['SYSTEM', 'SHUTDOWN'],
  ['SYSTEM', 'KILL'],
  ['NAMED', 'COLLECTION'],
];
const forbiddenVerbs = new Set(['BACKUP', 'RESTORE']);

/**
 * What a statement from outside may not do. The engine has no users, so nothing but the text of the statement
 * can keep it from reading files, calling other hosts or starting programs with this process's rights.
 */
export class ForbiddenSql {
  readonly #functions: ReadonlySet<string>;
  readonly #engines: ReadonlySet<string>;

  /** @param known all that the engine has: what is new in it is refused until known to be safe */
  constructor(known: { readonly tableFunctions: readonly string[]; readonly engines: readonly string[] }) {
    this.#functions = new Set([...without(known.tableFunctions, safeTableFunctions), ...unsafeFunctions]);
    this.#engines = without(known.engines, safeEngines);
  }

  /** @throws ClickHouseError ACCESS_DENIED naming the setting that is refused */
  assertSettingsAllowed(names: Iterable<string>): void {
    for (const name of names) {
      if (unsafeSettings.has(name.toLowerCase())) deny(`The setting ${name}`);
    }
  }

  /**
   * @param sql the statement whose tokens these are
   * @throws ClickHouseError ACCESS_DENIED naming what is refused
   */
  assertAllowed(tokens: readonly Token[], sql: string): void {
    if (forbiddenVerbs.has(tokens[0]?.text.toUpperCase() ?? '')) deny(tokens[0]?.text.toUpperCase() ?? '');
    for (const [index, token] of tokens.entries()) {
      const next = tokens[index + 1];
      for (const [first, second] of forbiddenPairs) {
        if (isWord(token, first) && isWord(next, second)) deny(`${first} ${second}`);
      }
      if (isMark(next, '(') && (token.kind === 'word' || token.kind === 'quoted')) {
        if (this.#functions.has(token.text.toLowerCase())) deny(`${token.text}()`);
        const escaped = token.kind === 'quoted' && sql.slice(token.start, token.end).includes('\\');
        if (escaped) deny('a function name with escapes');
      }
      if (isMark(next, '=') && token.kind !== 'string') this.assertSettingsAllowed([token.text]);
      const engine = isMark(next, '=') ? tokens[index + 2] : next;
      if (isWord(token, 'ENGINE') && engine?.kind !== 'string' && this.#engines.has(bareEngine(engine))) {
        deny(`ENGINE = ${engine?.text}`);
      }
      if (isWord(token, 'SOURCE') && isMark(next, '(')) assertSource(tokens.slice(index + 2));
      if (isWord(token, 'ATTACH')) assertAttach(tokens.slice(index));
    }
  }
}

function bareEngine(name: Token | undefined): string {
  return (name?.text ?? '').toLowerCase();
}

function without(names: readonly string[], safe: ReadonlySet<string>): Set<string> {
  return new Set(names.map((name) => name.toLowerCase()).filter((name) => !safe.has(name)));
}

function assertSource(tokens: readonly Token[]): void {
  const kind = tokens[0]?.text.toUpperCase();
  if (kind === 'NULL') return;
  if (kind === 'CLICKHOUSE' && !tokens.some((token) => isWord(token, 'HOST'))) return;
  deny(`SOURCE(${kind ?? ''}(…))`);
}

function assertAttach(tokens: readonly Token[]): void {
  const from = tokens.findIndex((token) => isWord(token, 'FROM'));
  if (from >= 0 && tokens[from + 1]?.kind === 'string') deny("ATTACH … FROM 'path'");
}

function deny(what: string): never {
  throw clickHouseError(
    'ACCESS_DENIED',
    `default: Not enough privileges. ${what} is not allowed in statements sent to this server.`,
  );
}

function lowerCaseSet(names: string): ReadonlySet<string> {
  return new Set(names.split(/\s+/).map((name) => name.toLowerCase()));
}
