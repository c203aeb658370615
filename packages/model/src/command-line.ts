/**
 * A command line as it is recorded. What follows a name that sounds like a secret (`--password x`, `--api-key=x`,
 * `PGPASSWORD=x`), the password in a URL and the credential in an `Authorization` header are masked. A secret that
 * is passed without such a name is recorded: it belongs into a file or the environment.
 */
export const commandLine = (argv: readonly string[]): string => {
  const masked: string[] = [];
  let secretFollows = false;
  for (const argument of argv) {
    masked.push(secretFollows && !argument.startsWith('-') ? MASK : quoted(maskWithin(argument)));
    secretFollows = SECRET_FLAG.test(argument);
  }
  const text = masked.join(' ');
  return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH)}…`;
};

const MASK = '***';
const MAX_LENGTH = 4096;

const SECRET_NAME =
  '[\\w.-]*(?:passw(?:or)?d|passphrase|secret|token|credential|api[-_]?key|access[-_]?key|private[-_]?key)[\\w.-]*';
const VALUE = `(?:"[^"]*"|'[^']*'|[^\\s'"]+)`;

const SECRET_FLAG = new RegExp(`^--?(?:${SECRET_NAME}|key|auth)$`, 'i');
const NAMED = new RegExp(`((?:^|[\\s'"])(?:-{0,2}${SECRET_NAME}|--?(?:key|auth))=)${VALUE}`, 'gi');
const FLAGGED = new RegExp(`((?:^|\\s)--?(?:${SECRET_NAME}|key|auth)\\s+)(?!-)${VALUE}`, 'gi');
const URL_PASSWORD = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:)[^\s/@]+(?=@)/gi;
const AUTHORIZATION = /(\bauthorization:\s*(?:\w+\s+)?)[^\s'"]+/gi;

/** Also inside one argument, which may be a whole script (`sh -c …`). */
const maskWithin = (argument: string): string =>
  argument
    .slice(0, MAX_LENGTH * 2)
    .replace(NAMED, `$1${MASK}`)
    .replace(FLAGGED, `$1${MASK}`)
    .replace(URL_PASSWORD, `$1${MASK}`)
    .replace(AUTHORIZATION, `$1${MASK}`);

const quoted = (argument: string): string =>
  argument === '' || /\s/.test(argument) ? JSON.stringify(argument) : argument;
