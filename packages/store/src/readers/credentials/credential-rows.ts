/**
 * What there is of credentials in a tenant, a row for each way in which something was used or listed, by `Id`: that of a
 * credential, or of an entry. What a rule recognised counts for the rule as well.
 */
export const CREDENTIAL_ROWS = `
  SELECT CredentialId AS Id, EntryId, toString(Kind) AS KindText, toString(Actor) AS ActorText,
    IssuedAt, ExpiresAt, FirstUsed, LastUsed, Uses, Spans
  FROM credentials WHERE TenantId = {tenant:String}
  UNION ALL
  SELECT EntryId AS Id, EntryId, toString(Kind) AS KindText, toString(Actor) AS ActorText,
    toDateTime64(0, 3, 'UTC') AS IssuedAt, toDateTime64(0, 3, 'UTC') AS ExpiresAt, FirstUsed, LastUsed, Uses, Spans
  FROM credentials WHERE TenantId = {tenant:String} AND EntryId != CredentialId
    AND EntryId IN (SELECT EntryId FROM credential_entries WHERE TenantId = {tenant:String})
  UNION ALL
  SELECT EntryId AS Id, EntryId, '' AS KindText, '' AS ActorText,
    toDateTime64(0, 3, 'UTC') AS IssuedAt, toDateTime64(0, 3, 'UTC') AS ExpiresAt,
    toDateTime64(0, 3, 'UTC') AS FirstUsed, toDateTime64(0, 3, 'UTC') AS LastUsed, toUInt64(0) AS Uses, toUInt64(0) AS Spans
  FROM credential_entries WHERE TenantId = {tenant:String}`;

/** What was told last of each entry of a credentials file. */
export const CREDENTIAL_ENTRIES = `
  SELECT EntryId AS Listed, min(FirstDeclared) AS DeclaredFirst, max(LastTold) AS ToldLast,
    argMaxMerge(Newest) AS Told,
    Told.1 AS TellsThat, Told.2 AS ListedStands, Told.3 AS ListedKind, Told.4 AS ListedActor, Told.5 AS ListedIssuer,
    Told.6 AS ListedSubject, Told.7 AS ListedFingerprint, Told.8 AS ListedIssuedAt, Told.9 AS RotatesAfter,
    Told.10 AS ListedDuties
  FROM credential_entries WHERE TenantId = {tenant:String} GROUP BY EntryId`;

const millis = (column: string): string => `toUnixTimestamp64Milli(${column})`;

/** Each credential and each entry, once; \`SummaryRow\` is what comes back, with \`Sorted\`. @param sorted ascending */
export const credentialSummaries = (sorted: string): string => `
  SELECT Id, if(AnyKind = '', ListedKind, AnyKind) AS Kind, UsedEntry, Total, SpanTotal, FirstMillis, LastMillis,
    greatest(UsedIssued, ${millis('ListedIssuedAt')}) AS IssuedMillis, ExpiresMillis,
    arrayMin(arrayFilter(at -> at > 0,
      [if(IssuedMillis > 0, IssuedMillis, FirstMillis), FirstMillis, ${millis('DeclaredFirst')}])) AS SinceMillis,
    ActorNames, ActorTotal, EveryActor, Listed, ${millis('DeclaredFirst')} AS DeclaredMillis, ${millis('ToldLast')} AS ToldMillis,
    TellsThat, ListedStands, ListedActor, ListedIssuer, ListedSubject, ListedFingerprint,
    ${millis('RotatesAfter')} AS RotatesMillis, ListedDuties,
    ${sorted} AS Sorted, toString(Sorted) AS SortValue
  FROM (
    SELECT Id, max(KindText) AS AnyKind, argMax(EntryId, (LastUsed, EntryId)) AS UsedEntry,
      toUInt64(sum(Uses)) AS Total, toUInt64(sum(Spans)) AS SpanTotal,
      ${millis('minIf(FirstUsed, FirstUsed > toDateTime64(0, 3))')} AS FirstMillis, ${millis('max(LastUsed)')} AS LastMillis,
      ${millis('max(IssuedAt)')} AS UsedIssued, ${millis('max(ExpiresAt)')} AS ExpiresMillis,
      arraySort(groupUniqArrayIf(16)(ActorText, ActorText != '')) AS ActorNames,
      uniqExactIf(ActorText, ActorText != '') AS ActorTotal,
      groupUniqArray(ActorText) AS EveryActor
    FROM (${CREDENTIAL_ROWS}) GROUP BY Id) AS used
  LEFT JOIN (${CREDENTIAL_ENTRIES}) AS entry ON used.UsedEntry = entry.Listed`;
