/**
 * How the pieces of a streamed result make up the whole. The engine writes each piece as a result of its own:
 * - `append`: pieces follow one another as they are;
 * - `header`: every piece repeats the header, which must be taken off all but the first;
 * - `whole`: a document that only makes sense entire, written to a file first.
 */
export type Assembly = 'append' | 'header' | 'whole';

const append = `JSONEachRow JSONLines NDJSON JSONStringsEachRow JSONCompactEachRow JSONCompactStringsEachRow
  TabSeparated TSV TabSeparatedRaw TSVRaw CSV TSKV RowBinary Native LineAsString RawBLOB Null MsgPack`;

const header = `CSVWithNames CSVWithNamesAndTypes TabSeparatedWithNames TSVWithNames TabSeparatedWithNamesAndTypes
  TSVWithNamesAndTypes RowBinaryWithNames RowBinaryWithNamesAndTypes JSONCompactEachRowWithNames
  JSONCompactEachRowWithNamesAndTypes`;

const assemblyByFormat = new Map<string, Assembly>([
  ...append.split(/\s+/).map((name) => [name.toLowerCase(), 'append'] as const),
  ...header.split(/\s+/).map((name) => [name.toLowerCase(), 'header'] as const),
]);

/** What is not known is treated as a document: slower to the first byte, never wrong. */
export function assemblyOf(format: string): Assembly {
  return assemblyByFormat.get(format.toLowerCase()) ?? 'whole';
}

const contentTypes: ReadonlyArray<readonly [pattern: RegExp, contentType: string]> = [
  [/^(json.*eachrow.*|jsonlines|ndjson)$/i, 'application/x-ndjson; charset=UTF-8'],
  [/^json/i, 'application/json; charset=UTF-8'],
  [/^csv.*names/i, 'text/csv; charset=UTF-8; header=present'],
  [/^csv/i, 'text/csv; charset=UTF-8; header=absent'],
  [/^(tsv|tabseparated|tskv)/i, 'text/tab-separated-values; charset=UTF-8'],
  [/^xml$/i, 'application/xml; charset=UTF-8'],
  [
    /^(rowbinary|native|parquet|arrow|orc|avro|msgpack|protobuf|rawblob|npy|bson)/i,
    'application/octet-stream',
  ],
];

export function contentTypeOf(format: string): string {
  return contentTypes.find(([pattern]) => pattern.test(format))?.[1] ?? 'text/plain; charset=UTF-8';
}
