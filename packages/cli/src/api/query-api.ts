import { readFileSync } from 'node:fs';
import type { RetentionAnswer, RunTree, WhoAnswer } from '@whence/query';
import { CliError } from '../cli-error.ts';
import type { Host } from '../host.ts';
import { isHttpUrl } from '../http-url.ts';

export const DEFAULT_API = 'http://127.0.0.1:4320';
const TIMEOUT_MILLIS = 30_000;

/** A span id alone may occur in several traces; the trace says which is meant. */
/** As `/v1/who` is asked: one of the first seven, and what goes beside it. */
export interface WhoQuestion {
  readonly span?: string;
  readonly trace?: string;
  readonly run?: string;
  readonly target?: string;
  readonly statement?: string;
  readonly object?: string;
  readonly commit?: string;
  readonly below?: 'true';
  readonly at?: string;
  readonly within?: string;
  /** As it was known at this time. */
  readonly asOf?: string;
}

/** Which part of a tree. */
export interface TreePart {
  readonly depth?: string;
  readonly limit?: string;
  readonly trace?: string;
  readonly span?: string;
  readonly cursor?: string;
}

/** Where to ask, and with which key. */
export interface ApiOptions {
  /** Else `WHENCE_API_URL`, else `DEFAULT_API`. */
  readonly api?: string;
  /** File with the key. Else `WHENCE_KEY`, else none. */
  readonly keyFile?: string;
}

/**
 * The query service. Each call throws CliError `not_found`, `refused`, `unavailable` or `failed`, saying what was asked of
 * whom.
 */
export interface QueryApi {
  who(question: WhoQuestion): Promise<WhoAnswer>;
  tree(runId: string, part?: TreePart): Promise<RunTree>;
  retention(): Promise<RetentionAnswer>;
}

/** @throws CliError `usage` where the address is none, or the key file cannot be read */
export const queryApi = ({ api, keyFile }: ApiOptions, { env }: Host): QueryApi => {
  const base = baseOf(api ?? (env['WHENCE_API_URL'] || DEFAULT_API));
  const key = keyFile === undefined ? env['WHENCE_KEY'] || undefined : keyIn(keyFile);
  const get = (url: string): Promise<Answered> => getWith(key, url);
  return {
    who: async (question) =>
      expectFields<WhoAnswer>(await get(`${base}/v1/who?${new URLSearchParams({ ...question })}`), [
        'sentence',
        'chain',
      ]),
    tree: async (runId, part = {}) => {
      const asked = new URLSearchParams({ ...part }).toString();
      const address = `${base}/v1/runs/${encodeURIComponent(runId)}/tree${asked === '' ? '' : `?${asked}`}`;
      return expectFields<RunTree>(await get(address), ['run', 'roots', 'totals']);
    },
    retention: async () => expectFields<RetentionAnswer>(await get(`${base}/v1/retention`), ['tiers']),
  };
};

const baseOf = (address: string): string => {
  if (!isHttpUrl(address)) throw new CliError('usage', `--api ${address}: not an http or https address`);
  return address.replace(/\/+$/, '');
};

interface Answered {
  readonly url: string;
  readonly body: unknown;
}

const keyIn = (path: string): string => {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new CliError('usage', `--key-file ${path}: ${(error as Error).message}`, { cause: error });
  }
};

const getWith = async (key: string | undefined, url: string): Promise<Answered> => {
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      headers: {
        accept: 'application/json',
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      },
      signal: AbortSignal.timeout(TIMEOUT_MILLIS),
    });
    text = await response.text();
  } catch (error) {
    const { message } = ((error as Error).cause ?? error) as Error;
    throw new CliError('unavailable', `${new URL(url).origin} cannot be reached: ${message}`, {
      cause: error,
    });
  }
  const body = jsonIn(text);
  if (response.ok && body !== undefined) return { url, body };

  const detail = detailIn(body) ?? `${url} answered ${response.status}${response.ok ? ' without JSON' : ''}`;
  if (response.status === 401 || response.status === 403) {
    throw new CliError('refused', `${detail} ${adviceOn(response.status, key)}`);
  }
  if (response.status === 404) throw new CliError('not_found', detail);
  throw new CliError(response.status === 400 ? 'usage' : response.ok ? 'failed' : 'unavailable', detail);
};

const adviceOn = (status: number, key: string | undefined): string => {
  if (key === undefined) {
    return 'No key was sent: set WHENCE_KEY, or give --key-file (of `whence up`: .whence/local.key).';
  }
  return status === 401
    ? 'The key that was sent (WHENCE_KEY, --key-file) is not known there: is it that of another service?'
    : 'The key that was sent (WHENCE_KEY, --key-file) may not ask this: its entry in whence.yaml needs the role.';
};

const jsonIn = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const detailIn = (body: unknown): string | undefined => {
  const detail =
    typeof body === 'object' && body !== null ? (body as { detail?: unknown }).detail : undefined;
  return typeof detail === 'string' ? detail : undefined;
};

/** The service is ours: whether it is one at all is what is checked here. */
const expectFields = <Answer>(
  { url, body }: Answered,
  fields: readonly (keyof Answer & string)[],
): Answer => {
  const missing = fields.filter(
    (field) => typeof body !== 'object' || body === null || !Object.hasOwn(body, field),
  );
  if (missing.length > 0)
    throw new CliError('failed', `${url} gave an answer without ${missing.join(', ')}: is that Whence?`);
  return body as Answer;
};
