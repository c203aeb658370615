import type { Action } from '@whence/model';

/** Where to ask what. */
export const questionsAt = (queryUrl: string) => ({
  run: (runId: string) => `${queryUrl}/v1/runs/${runId}`,
  tree: (runId: string) => `${queryUrl}/v1/runs/${runId}/tree`,
  actions: (rootRunId: string) => `${queryUrl}/v1/actions?root=${rootRunId}&limit=1000`,
  who: ({ traceId, spanId }: Action) => `${queryUrl}/v1/who?span=${spanId}&trace=${traceId}`,
});

export type Addresses = ReturnType<typeof questionsAt>;

/** @throws Error where the answer is not 200 */
export const ask = async <Answer>(url: string): Promise<Answer> => {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Answer;
};
