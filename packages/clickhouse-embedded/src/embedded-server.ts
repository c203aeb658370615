import type { Logger } from 'pino';
import { type Config, threadsNeeded } from './config.ts';
import { DataDirectory } from './data-directory.ts';
import { Engine } from './engine.ts';
import { ForbiddenSql } from './forbidden-sql.ts';
import { HttpService } from './http-service.ts';
import { isRunning, ownIdentity } from './process-identity.ts';
import { ResultPipes } from './result-pipes.ts';
import { RunningStatements } from './running-statements.ts';
import { SessionPool } from './session-pool.ts';
import { Spool } from './spool.ts';
import { StatementRunner } from './statement-runner.ts';

/** How long statements may take to end once they are killed, and again once their clients are cut off. */
const KILL_MILLIS = 2_000;

export interface EmbeddedServer {
  readonly url: string;
  /**
   * Stops listening, lets running statements finish for the grace period, kills those left, closes the engine.
   * @returns false when statements were still running after that: the engine is then left open
   */
  stop(): Promise<boolean>;
}

/**
 * Takes the data directory, opens the engine on it and listens.
 * @param threadPoolSize UV_THREADPOOL_SIZE as this process was started with
 * @throws Error with one line for the operator
 */
export async function openServer(
  config: Config,
  threadPoolSize: number,
  log: Logger,
): Promise<EmbeddedServer> {
  const needed = threadsNeeded(config);
  if (threadPoolSize < needed) {
    throw new Error(
      `UV_THREADPOOL_SIZE is ${threadPoolSize} and must be at least ${needed}: start with UV_THREADPOOL_SIZE=${needed} node …`,
    );
  }
  const directory = new DataDirectory(config.dataDir);
  directory.prepare();
  const engine = await own(directory);
  const stopEngine = (): void => {
    engine.close();
    directory.removeOwner();
  };
  try {
    directory.clearSpool();
    const running = new RunningStatements(engine);
    const limits = { maxWaiting: config.maxWaiting, waitMillis: config.waitMillis };
    const pools = {
      readers: new SessionPool('readers', config.readers, limits),
      writers: new SessionPool('writers', config.writers, limits),
      changes: new SessionPool('changes', 1, limits),
      control: new SessionPool('control statements', 1, limits),
    };
    const pipes = new ResultPipes(directory.pipesPath, config.readers);
    const forbidden = config.allowUnsafeSql ? undefined : new ForbiddenSql(engine.facts);
    const runner = new StatementRunner(
      engine,
      pools,
      running,
      new Spool(directory.spoolPath),
      pipes,
      forbidden,
    );
    const { password, maxBodyBytes } = config;
    const service = new HttpService({ facts: engine.facts, runner, password, maxBodyBytes, log });
    const url = await service.listen(config.host, config.port);
    directory.writeOwner({ ...ownIdentity(), url });
    log.info({ url, dataDir: directory.path, engine: engine.facts.version }, 'ready');
    return {
      url,
      stop: async () => {
        const drained = service.drain();
        if (!(await within(drained, config.graceMillis))) {
          log.warn({ statements: running.count }, 'grace period over, killing running statements');
          void running.killAll();
          if (!(await within(drained, KILL_MILLIS))) service.cut();
          if (!(await within(drained, KILL_MILLIS))) return false;
        }
        stopEngine();
        return true;
      },
    };
  } catch (error) {
    stopEngine();
    throw error;
  }
}

/**
 * The engine's lock decides who owns a directory. The note is asked first, since the engine could not say who
 * the owner is.
 */
async function own(directory: DataDirectory): Promise<Engine> {
  const owner = directory.readOwner();
  if (owner && isRunning(owner)) {
    throw new Error(`data directory ${directory.path} is in use by process ${owner.pid} at ${owner.url}`);
  }
  try {
    return await Engine.open(directory.enginePath);
  } catch (error) {
    const { message } = error as Error;
    throw new Error(
      `data directory ${directory.path} cannot be opened (in use by another process?): ${message}`,
    );
  }
}

async function within(work: Promise<void>, millis: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), millis);
  });
  const done = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return done;
}
