/**
 * Reads which services of one tenant there are, and what they do, by name.
 *
 * Every method throws StoreError `store_unavailable` or `store_refused`, and nothing else.
 */
export interface OperationReader {
  /** By name. */
  services(limit: number): Promise<Listed<string>>;

  /** Of any of these services, by name. Without a kind: all, each with its own. */
  operations(asked: OperationsAsked, limit: number): Promise<Listed<ServiceOperation>>;
}

export interface OperationsAsked {
  readonly services: readonly string[];
  /** As OpenTelemetry writes it, in lower case: `server`. */
  readonly kind?: string;
}

export interface ServiceOperation {
  readonly name: string;
  /** In lower case. */
  readonly kind: string;
}

export interface Listed<Item> {
  readonly items: readonly Item[];
  /** However many of them are given. */
  readonly total: number;
}
