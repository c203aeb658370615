/** Whether a host is on the list: its name as it stands, or below a `*.suffix`. Nothing but a match is a yes. */
export type AllowedHosts = (host: string) => boolean;

/** @param names lower case, as the configuration has them */
export const allowedHosts = (names: readonly string[]): AllowedHosts => {
  const exact = new Set(names.filter((name) => !name.startsWith('*.')).map(bare));
  const suffixes = names.filter((name) => name.startsWith('*.')).map((name) => name.slice(1));
  const known = new Map<string, boolean>();
  return (host) => {
    const before = known.get(host);
    if (before !== undefined) return before;
    const name = bare(host.toLowerCase());
    const allowed =
      exact.has(name) || suffixes.some((suffix) => name.length > suffix.length && name.endsWith(suffix));
    if (known.size >= KNOWN_MAX) known.clear();
    known.set(host, allowed);
    return allowed;
  };
};

const KNOWN_MAX = 1024;

/** An IPv6 address is in brackets in a URL, and without in Node's request options. */
const bare = (host: string): string =>
  host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
