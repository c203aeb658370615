/** ClickHouse: unknown table, unknown database. */
const NOT_THERE = /^(?:60|81)$/;

/** The lines of the answer; none where the table is not there yet. */
export const askStore = async (
  storeUrl: string,
  database: string,
  select: string,
): Promise<readonly string[]> => {
  const url = `${storeUrl}/?${new URLSearchParams({ database })}`;
  const response = await fetch(url, { method: 'POST', body: `${select} FORMAT TSV` });
  const text = await response.text();
  if (response.ok) return text.split('\n').filter((line) => line !== '');
  if (NOT_THERE.test(response.headers.get('x-clickhouse-exception-code') ?? '')) return [];
  throw new Error(text);
};
