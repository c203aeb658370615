/** The process as commands see it. `main.ts` fills it; nothing else looks at `process`, save for the wrapped command's signals. */
export interface Host {
  /** Live: what is set here, the SDK of this process and child processes find. */
  readonly env: NodeJS.ProcessEnv;
  /** To stdout, as it is. */
  readonly out: (text: string) => void;
  /** To stderr, as it is. */
  readonly err: (text: string) => void;
  /** Cells of a line of stdout; undefined where it is no terminal. */
  readonly columns: number | undefined;
  /** Whether stdout shows colours. */
  readonly colours: boolean;
  /** Whether stdin is a terminal, which then sends its own signals to every process in its foreground. */
  readonly interactive: boolean;
}
