import type { IncomingMessage } from 'node:http';
import { isLoopback } from '@whence/identity';

/** Headers that only something in between adds: whoever asks may then be anywhere. */
const PROXIED = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];

const PORT = /:\d+$/;

/**
 * Whether a program on this machine asks, for itself. A browser does so for any page that it shows: the page's own
 * host is then named by `Host` (a name that was made to lead here) or by `Origin`.
 */
export const isFromThisMachine = ({ socket, headers }: IncomingMessage): boolean =>
  isLoopback(socket.remoteAddress ?? '') &&
  isLoopback(hostIn(headers.host ?? '')) &&
  (headers.origin === undefined || isLoopback(hostOfUrl(headers.origin))) &&
  PROXIED.every((name) => headers[name] === undefined);

const hostIn = (text: string): string =>
  text
    .replace(PORT, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();

const hostOfUrl = (text: string): string => (URL.canParse(text) ? hostIn(new URL(text).host) : '');
