import type { LogLevel } from './config.ts';

/** What the SDK says to the people who run the host: single lines on stderr, few of them. */
export interface Notices {
  info(text: string): void;
  warn(text: string): void;
  /** Once per `topic`, until that is `over`. */
  warnOnce(topic: string, text: string): void;
  over(topic: string): void;
}

export const noticesTo = (write: (line: string) => void, level: LogLevel): Notices => {
  const said = new Set<string>();
  const warn = (text: string): void => {
    if (level !== 'silent') write(`whence: ${text}\n`);
  };
  return {
    info: (text) => {
      if (level === 'info') warn(text);
    },
    warn,
    warnOnce: (topic, text) => {
      if (said.has(topic)) return;
      said.add(topic);
      warn(text);
    },
    over: (topic) => {
      said.delete(topic);
    },
  };
};
