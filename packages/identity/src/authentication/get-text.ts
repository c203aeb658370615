import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

export interface GetTextOptions {
  /** PEM: certificate authorities to trust instead of the usual ones. */
  readonly ca?: string;
  readonly bearer?: string;
  /** For the whole exchange. */
  readonly timeoutMillis: number;
  readonly maxBytes: number;
}

/**
 * What an address answers with 200, whole. Follows no redirect.
 *
 * @throws Error that says why not; an answer's own text is not in it
 */
export const getText = async (url: string, options: GetTextOptions): Promise<string> => {
  const { ca, bearer, timeoutMillis, maxBytes } = options;
  const request = url.startsWith('https:') ? requestHttps : requestHttp;
  const signal = AbortSignal.timeout(timeoutMillis);
  return new Promise<string>((resolve, reject) => {
    const fail = (cause: Error): void =>
      reject(signal.aborted ? new Error(`no whole answer within ${timeoutMillis} ms`, { cause }) : cause);
    const sent = request(url, {
      agent: false,
      signal,
      headers: {
        accept: 'application/json',
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      },
      ...(ca === undefined ? {} : { ca }),
    });
    sent.on('error', fail);
    sent.on('response', (response) => {
      response.on('error', fail);
      if (response.statusCode !== 200) {
        response.destroy();
        reject(new Error(`answered ${response.statusCode}`));
        return;
      }
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        chunks.push(chunk);
        if (length > maxBytes) response.destroy(new Error(`answered with more than ${maxBytes} bytes`));
      });
      response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    });
    sent.end();
  });
};
