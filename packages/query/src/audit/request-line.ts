import type { Route } from '../api/endpoint.ts';

/**
 * What was asked, as it was sent: `GET /v1/who?span=e000000000000004`. The values of parameters that are none of the
 * route's are left out, for nobody knows what they are: a key that was put into the address by mistake stays out of the
 * record.
 */
export const requestLineOf = ({ parameters }: Route, method: string, url: string): string =>
  `${method} ${withoutUnknownValues(url, new Set(Object.keys(parameters.shape)))}`;

const withoutUnknownValues = (url: string, known: ReadonlySet<string>): string => {
  const [path = '', query] = splitOnce(url, '?');
  if (query === undefined) return path;
  const pairs = query.split('&').map((pair) => {
    const [name = '', value] = splitOnce(pair, '=');
    return value === undefined || known.has(decoded(name)) ? pair : `${name}=…`;
  });
  return `${path}?${pairs.join('&')}`;
};

const splitOnce = (text: string, mark: string): readonly [string, string?] => {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
};
