/** What both sides are asked to do, as often as they are told. */
export type OperationName =
  | 'span'
  | 'action'
  | 'runStart'
  | 'inject'
  | 'extract'
  | 'extractHostile'
  | 'fanOut';

export type Operations = Readonly<Record<OperationName, (count: number) => Promise<void>>>;

export interface Question {
  readonly operation: OperationName | 'heapPerOpen';
  readonly count: number;
}

/** The same for both: what an action of a database is. */
export const DETAILS = {
  system: 'postgresql',
  operation: 'UPDATE',
  target: 'postgresql://db:5432/bank/accounts',
  statement: 'UPDATE accounts SET balance = balance - $1 WHERE id = $2',
} as const;

export const ATTRIBUTES = {
  'whence.action.system': DETAILS.system,
  'whence.action.operation': DETAILS.operation,
  'whence.action.target': DETAILS.target,
  'whence.action.statement': DETAILS.statement,
} as const;

/** What a service gets from its caller. */
export const HEADERS = {
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  tracestate: 'whence=AZOk1d9FcBqXh0m2n3o4pQ.k1.Q2hhbGxlbmdlMTIz',
} as const;

/** What somebody sends who means harm: a thousand members, and as much baggage as Node takes. */
export const HOSTILE_HEADERS = {
  traceparent: HEADERS.traceparent,
  tracestate: Array.from({ length: 1000 }, (_, i) => `m${i}=${i}`).join(','),
  baggage: Array.from({ length: 500 }, (_, i) => `k${i}=${'x'.repeat(12)}`).join(','),
} as const;

export interface Side {
  readonly operations: Operations;
  /** Exports what the operations made. */
  flush(): Promise<void>;
  /** Begins that many actions and leaves them open until `end`. */
  open(count: number): Promise<{ end(): void }>;
}

/** Answers the bench's questions: CPU of this thread in nanoseconds an operation, or bytes of heap that an open one holds. */
export const answerFor = async (side: Side): Promise<void> => {
  process.on('message', async ({ operation, count }: Question) => {
    const answer =
      operation === 'heapPerOpen' ? await heapPerOpen(side, count) : await nanos(side, operation, count);
    process.send?.({ answer });
  });
  process.send?.({ ready: 'ready' });
};

const nanos = async (side: Side, operation: OperationName, count: number): Promise<number> => {
  await side.flush();
  globalThis.gc?.();
  const before = process.threadCpuUsage();
  await side.operations[operation](count);
  const { user, system } = process.threadCpuUsage(before);
  const took = ((user + system) * 1000) / count;
  await side.flush();
  return took;
};

const heapPerOpen = async (side: Side, count: number): Promise<number> => {
  await side.flush();
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const opened = await side.open(count);
  globalThis.gc?.();
  const bytes = (process.memoryUsage().heapUsed - before) / count;
  opened.end();
  await side.flush();
  return bytes;
};

/** As many calls at a time as a batch job makes, each of which waits for something. */
export const FAN_OUT = 1000;

export const fanOut = async (
  count: number,
  call: (wait: () => Promise<void>) => Promise<void>,
): Promise<void> => {
  for (let done = 0; done < count; done += FAN_OUT) {
    await Promise.all(Array.from({ length: FAN_OUT }, () => call(turn)));
  }
};

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
