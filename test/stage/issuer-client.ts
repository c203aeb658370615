import { bearer } from './credentials-file.ts';

/** An answer of the issuer or of the query service. */
export interface JsonAnswer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: what it is, the test says
  readonly json: any;
}

export const ask = async (url: string, init: RequestInit = {}): Promise<JsonAnswer> => {
  const response = await fetch(url, init);
  return { status: response.status, headers: response.headers, json: await response.json() };
};

/** A call of the issuer with a key. A body that is a text is sent as it is. */
export const askIssuer = (
  collectorUrl: string,
  key: string | undefined,
  path: string,
  body?: unknown,
): Promise<JsonAnswer> =>
  ask(`${collectorUrl}${path}`, {
    ...(body === undefined
      ? {}
      : { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) }),
    headers: { 'content-type': 'application/json', ...(key === undefined ? {} : bearer(key)) },
  });
