import { type Selection, select } from '../../readers/statements/select.ts';

/** A credential that was seen. Milliseconds since the epoch. */
export interface CredentialAge {
  readonly id: string;
  readonly kind: string;
  readonly actor: string;
  /** Absent: not known. */
  readonly issuedMillis?: number;
  readonly expiresMillis?: number;
  readonly firstUsedMillis: number;
  readonly lastUsedMillis: number;
  readonly uses: number;
}

interface CredentialRow {
  readonly Id: string;
  readonly KindName: string;
  readonly ActorId: string;
  readonly Issued: string;
  readonly Expires: string;
  readonly First: string;
  readonly Last: string;
  readonly Times: number;
}

const CREDENTIALS = `
  SELECT toString(CredentialId) AS Id, toString(any(Kind)) AS KindName, toString(any(Actor)) AS ActorId,
    toString(toUnixTimestamp64Milli(toDateTime64(max(IssuedAt), 3))) AS Issued,
    toString(toUnixTimestamp64Milli(toDateTime64(max(ExpiresAt), 3))) AS Expires,
    toString(toUnixTimestamp64Milli(toDateTime64(min(FirstUsed), 3))) AS First,
    toString(toUnixTimestamp64Milli(toDateTime64(max(LastUsed), 3))) AS Last, sum(Uses) AS Times
  FROM credentials WHERE TenantId = {tenant:String} AND Kind != 'token' GROUP BY CredentialId
  HAVING max(LastUsed) < fromUnixTimestamp64Milli({unusedSince:Int64})
    OR if(toUnixTimestamp64Milli(toDateTime64(max(IssuedAt), 3)) > 0, max(IssuedAt), min(FirstUsed)) < fromUnixTimestamp64Milli({issuedBefore:Int64})
  ORDER BY Last, Id LIMIT {limit:UInt32}`;

/**
 * Keys and certificates that were not used for long, or are in use for long. Tokens live for minutes and are left out.
 * Reads the rows of `credentials`, one for each credential.
 */
export const staleCredentials = async (
  selection: Selection,
  asked: { readonly unusedSinceMillis: number; readonly issuedBeforeMillis: number; readonly limit: number },
): Promise<readonly CredentialAge[]> => {
  const rows = await select<CredentialRow>(selection, CREDENTIALS, {
    unusedSince: asked.unusedSinceMillis,
    issuedBefore: asked.issuedBeforeMillis,
    limit: asked.limit,
  });
  return rows.map((row) => ({
    id: row.Id,
    kind: row.KindName,
    actor: row.ActorId,
    ...(row.Issued === '0' ? {} : { issuedMillis: Number(row.Issued) }),
    ...(row.Expires === '0' ? {} : { expiresMillis: Number(row.Expires) }),
    firstUsedMillis: Number(row.First),
    lastUsedMillis: Number(row.Last),
    uses: row.Times,
  }));
};
