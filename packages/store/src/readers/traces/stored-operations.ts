import { type Parameters, type Selection, select } from '../statements/select.ts';
import type { Listed, OperationReader, ServiceOperation } from './operation-reader.ts';

/** The kind as the exporter wrote it, or an older one: `Server`, `SPAN_KIND_SERVER`. */
const KIND = "lower(replaceRegexpOne(SpanKind, '^SPAN_KIND_', ''))";

export const storedOperations = (selection: Selection): OperationReader => {
  const listed = async <Row, Item>(
    columns: string,
    condition: string,
    parameters: Parameters & { readonly limit: number },
    itemOf: (row: Row) => Item,
  ): Promise<Listed<Item>> => {
    const rows = await select<Row & { readonly Total: string }>(
      selection,
      `SELECT ${columns}, toString(count() OVER ()) AS Total FROM (
         SELECT DISTINCT ${columns} FROM (SELECT ServiceName, SpanName, ${KIND} AS Kind FROM operations
           WHERE TenantId = {tenant:String}${condition}))
       ORDER BY ${columns} LIMIT {limit:UInt32}`,
      parameters,
    );
    return { items: rows.map(itemOf), total: Number(rows[0]?.Total ?? 0) };
  };

  return {
    services: (limit) =>
      listed('ServiceName', '', { limit }, ({ ServiceName }: { ServiceName: string }) => ServiceName),

    operations: ({ services, kind }, limit) =>
      listed(
        'SpanName, Kind',
        ` AND ServiceName IN {services:Array(String)}${kind === undefined ? '' : ` AND ${KIND} = {kind:String}`}`,
        { services, kind: kind ?? '', limit },
        ({ SpanName, Kind }: { SpanName: string; Kind: string }): ServiceOperation => ({
          name: SpanName,
          kind: Kind,
        }),
      ),
  };
};
