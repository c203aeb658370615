/** What Whence does itself and records: the question that somebody asks of the record. */
export const WHENCE_QUERY = {
  service: 'whence-query',
  system: 'whence',
  operation: 'query',
  /** The service, as the one that tells of it. No credential can have this actor, so nobody else can. */
  actor: 'urn:whence:query',
  /** What stands for requests that were refused and not recorded one by one. */
  droppedOperation: 'queries not recorded',
} as const;

/** Attributes of such an action, beside OpenTelemetry's. */
export const QUERY_ATTRIBUTES = {
  role: 'whence.query.role',
  /** Items of the record that were given. */
  rows: 'whence.query.rows',
  /** Code of the problem that was answered. */
  problem: 'whence.query.problem',
  /** Where an unauthenticated header says that the request came from. */
  forwardedFor: 'whence.query.forwarded_for',
  /** How many requests one action stands for. */
  dropped: 'whence.query.dropped',
  method: 'http.request.method',
  route: 'http.route',
  status: 'http.response.status_code',
  client: 'client.address',
  userAgent: 'user_agent.original',
} as const;
