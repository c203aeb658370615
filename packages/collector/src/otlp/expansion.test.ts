import { expect, it } from 'vitest';
import { Attributor } from '../attribution/attributor.ts';
import { NOBODY } from '../testkit/transcode.ts';
import { attributedRequest } from './attributed-request.ts';
import { expansionMaxBytes } from './expansion.ts';

it('grows with the request, up to what is read from a file at once', () => {
  expect(expansionMaxBytes(0)).toBe(64 << 20);
  expect(expansionMaxBytes(64 << 20)).toBe(11 * (64 << 20));
  expect(expansionMaxBytes(2 ** 30)).toBe(2 ** 31 - 1);
});

it('a request that attribution would make far larger is refused', () => {
  const spans = Buffer.alloc(2 * 60, Buffer.from([0x12, 0x00]));
  const body = Buffer.concat([Buffer.from([0x0a, spans.length + 2, 0x12, spans.length]), spans]);
  const attributed = (bytesOfEach: number): Uint8Array =>
    attributedRequest(body, new Attributor(NOBODY), () => new Uint8Array(bytesOfEach));
  expect(attributed(1 << 20).length).toBeGreaterThan(60 << 20);
  expect(() => attributed(2 << 20)).toThrowError(expect.objectContaining({ code: 'otlp_malformed' }));
});
