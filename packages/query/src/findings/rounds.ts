/** Work that is done round after round. */
export interface Rounds {
  /** Never rejects. Asked for while one is under way, it is that one. */
  round(): Promise<void>;
  /** Begins nothing more, and waits for what is under way. */
  close(): Promise<void>;
}

/** @param work one round; it looks at `isClosed` before each thing that takes long, and never rejects. */
export const oneAtATime = (work: (isClosed: () => boolean) => Promise<void>): Rounds => {
  let closed = false;
  let underWay: Promise<void> | undefined;
  return {
    round: () => {
      underWay ??= work(() => closed).finally(() => {
        underWay = undefined;
      });
      return underWay;
    },
    close: async () => {
      closed = true;
      await underWay;
    },
  };
};
