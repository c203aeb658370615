import type { Response } from 'express';

/**
 * Keeps what is written to a response back until `ready` resolves, and then writes it, in order. `ready` is called when
 * the answer begins: its status and headers are decided by then. Where it rejects, `refuse` answers instead, and nothing
 * of the answer leaves.
 */
export const holdAnswer = (
  response: Response,
  ready: () => Promise<void>,
  refuse: (error: unknown) => void,
): void => {
  const { write, end } = response;
  const held: (() => unknown)[] = [];
  let begun = false;
  const letGo = (): void => {
    response.write = write;
    response.end = end;
  };
  const hold = (call: () => unknown): void => {
    held.push(call);
    if (begun) return;
    begun = true;
    ready().then(
      () => {
        letGo();
        for (const each of held) each();
      },
      (error: unknown) => {
        letGo();
        for (const name of response.getHeaderNames()) response.removeHeader(name);
        refuse(error);
      },
    );
  };
  response.write = ((...call: Parameters<typeof write>) => {
    hold(() => write.apply(response, call));
    return true;
  }) as typeof write;
  response.end = ((...call: Parameters<typeof end>) => {
    hold(() => end.apply(response, call));
    return response;
  }) as typeof end;
};
