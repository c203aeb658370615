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

/** The media type under which ClickHouse sends a format. */
export function contentTypeOf(format: string): string {
  return contentTypes.find(([pattern]) => pattern.test(format))?.[1] ?? 'text/plain; charset=UTF-8';
}
