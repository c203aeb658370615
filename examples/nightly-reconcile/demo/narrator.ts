import type { RenderOptions } from '@whence/cli';

/** Says what happens. */
export interface Narrator {
  /** What the terminal can show. */
  readonly style: RenderOptions;
  say(text: string): void;
  /** Says every second what is waited for, until `promise` settles. `how` adds what has been reached. */
  during<T>(what: string, promise: Promise<T>, how?: () => string): Promise<T>;
}

const SECOND = 1_000;

export const createNarrator = (out: NodeJS.WriteStream): Narrator => ({
  style: out.isTTY ? { columns: out.columns, colours: process.env['NO_COLOR'] === undefined } : {},
  say: (text) => void out.write(`${text}\n`),
  during: async (what, promise, how = () => '') => {
    let seconds = 0;
    const line = (): string =>
      `  … ${[what, how(), `${seconds} s`].filter((part) => part !== '').join(', ')}`;
    const timer = setInterval(() => {
      seconds += 1;
      out.write(out.isTTY ? `\r\x1b[K${line()}` : `${line()}\n`);
    }, SECOND);
    try {
      return await promise;
    } finally {
      clearInterval(timer);
      if (out.isTTY && seconds > 0) out.write('\r\x1b[K');
    }
  },
});
