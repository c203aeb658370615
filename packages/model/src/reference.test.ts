import { createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatReference,
  MAC_BYTES,
  parseReference,
  type ReferenceTrust,
  referenceMac,
  signReference,
  verifyReference,
} from './reference.ts';
import { isRunId, newRunId, runIdFromBytes } from './run-id.ts';

const secret = (first: number) =>
  createSecretKey(Buffer.from(Array.from({ length: 32 }, (_, at) => first + at)));
const KEY = { kid: 'k1', secret: secret(0) };
const RUN = '01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10';
const TRUST: ReferenceTrust = { trustDomain: 'bank.example', keys: new Map([['k1', KEY.secret]]) };

/** Made with Python's hmac and base64: HMAC-SHA256(00 01 … 1f, "whence run reference v1\0<domain>\0" + run id). */
const GOLDEN = [
  { trustDomain: 'bank.example', text: 'AZifPGsdelOLjnwffx8qEA.k1.WMK4cxi4AbmElj64' },
  { trustDomain: 'other.example', text: 'AZifPGsdelOLjnwffx8qEA.k1.GrGiOKT2CQtY2B-p' },
];

const runIds = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => {
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  return runIdFromBytes(bytes);
});
const kids = fc.stringMatching(/^[a-z0-9]{1,8}$/);
const parsed = (text: string) => {
  const result = parseReference(text);
  if (result.status === 'malformed') throw new Error(`malformed: ${text}`);
  return result.reference;
};

describe('golden vectors', () => {
  it.each(GOLDEN)('$trustDomain signs to $text, and back', ({ trustDomain, text }) => {
    expect(formatReference(signReference(KEY, trustDomain, RUN))).toBe(text);
    expect(parsed(text)).toEqual({ runId: RUN, proof: { kid: 'k1', mac: text.slice(-16) } });
    expect(verifyReference(parsed(text), { ...TRUST, trustDomain })).toEqual({ assurance: 'verified' });
  });

  it('leaves the MAC out of what only asserts', () => {
    expect(formatReference({ runId: RUN })).toBe('AZifPGsdelOLjnwffx8qEA');
    expect(parsed('AZifPGsdelOLjnwffx8qEA')).toEqual({ runId: RUN });
  });
});

describe('parse and format', () => {
  it('are inverses', () => {
    fc.assert(
      fc.property(runIds, fc.option(kids, { nil: undefined }), (runId, kid) => {
        const reference =
          kid === undefined ? { runId } : signReference({ kid, secret: KEY.secret }, 'bank.example', runId);
        expect(parsed(formatReference(reference))).toEqual(reference);
      }),
    );
  });

  it('accept one text per reference: whatever parses formats to itself', () => {
    const alphabet = fc.constantFrom(...'ABab01-_');
    const texts = fc
      .tuple(
        fc.string({ unit: alphabet, minLength: 22, maxLength: 22 }),
        fc.constantFrom('', '.k1.WMK4cxi4AbmElj64'),
      )
      .map(([run, proof]) => `${run.slice(0, 8)}e${run.slice(9, 10)}${'O'}${run.slice(11)}${proof}`);
    fc.assert(
      fc.property(fc.oneof(texts, fc.string()), (text) => {
        const result = parseReference(text);
        if (result.status === 'parsed') expect(formatReference(result.reference)).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  it('keep to 48 characters with the longest key id', () => {
    const reference = signReference({ kid: 'abcdefgh', secret: KEY.secret }, 'bank.example', RUN);
    expect(formatReference(reference)).toHaveLength(48);
  });

  it.each([
    ['nothing', ''],
    ['spare bits that are not zero', 'AZifPGsdelOLjnwffx8qEB'],
    ['padding', 'AZifPGsdelOLjnwffx8qEA=='],
    ['the other base64 alphabet', 'AZifPGsdelOLjnwffx8+EA'],
    ['a run id in text', RUN],
    ['a UUIDv4', Buffer.from('9b2c1a7d1f2e4c3b8a7d6e5f4a3b2c1d', 'hex').toString('base64url')],
    ['another variant', Buffer.from('01989f3c6b1d7a53cb8e7c1f7f1f2a10', 'hex').toString('base64url')],
    ['a key id without a MAC', 'AZifPGsdelOLjnwffx8qEA.k1'],
    ['no key id', 'AZifPGsdelOLjnwffx8qEA..WMK4cxi4AbmElj64'],
    ['a key id of 9', 'AZifPGsdelOLjnwffx8qEA.abcdefghi.WMK4cxi4AbmElj64'],
    ['a key id in capitals', 'AZifPGsdelOLjnwffx8qEA.K1.WMK4cxi4AbmElj64'],
    ['a short MAC', 'AZifPGsdelOLjnwffx8qEA.k1.WMK4cxi4AbmElj6'],
    ['a long MAC', 'AZifPGsdelOLjnwffx8qEA.k1.WMK4cxi4AbmElj64A'],
    ['a fourth part', 'AZifPGsdelOLjnwffx8qEA.k1.WMK4cxi4AbmElj64.x'],
    ['a line end', 'AZifPGsdelOLjnwffx8qEA.k1.WMK4cxi4AbmElj64\n'],
    ['the member with its key', 'whence=AZifPGsdelOLjnwffx8qEA'],
  ])('refuse %s', (_, text) => {
    expect(parseReference(text)).toEqual({ status: 'malformed' });
  });
});

describe('verification', () => {
  it('asserts what has no MAC', () => {
    expect(verifyReference({ runId: RUN }, TRUST)).toEqual({ assurance: 'asserted' });
  });

  it('refutes an unknown key id', () => {
    const other = signReference({ kid: 'k2', secret: KEY.secret }, 'bank.example', RUN);
    expect(verifyReference(other, TRUST)).toEqual({ assurance: 'refuted', reason: 'unknown_kid' });
  });

  it.each([
    ['another key', signReference({ kid: 'k1', secret: secret(1) }, 'bank.example', RUN)],
    ['another trust domain', signReference(KEY, 'other.example', RUN)],
    ['another run', { runId: newRunId(), proof: signReference(KEY, 'bank.example', RUN).proof! }],
  ])('refutes a MAC of %s', (_, reference) => {
    expect(verifyReference(reference, TRUST)).toEqual({ assurance: 'refuted', reason: 'bad_mac' });
  });

  it('never takes a text with any one bit flipped for a verified run', () => {
    const [{ text }] = GOLDEN as [(typeof GOLDEN)[0]];
    for (let bit = 0; bit < text.length * 8; bit++) {
      const bytes = Buffer.from(text, 'latin1');
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      const flipped = parseReference(bytes.toString('latin1'));
      if (flipped.status === 'malformed') continue;
      expect(verifyReference(flipped.reference, TRUST).assurance, `bit ${bit}`).not.toBe('verified');
    }
  });

  it('verifies what the same key signed, for any run and domain, and for no other domain', () => {
    fc.assert(
      fc.property(runIds, fc.string(), fc.string(), (runId, here, there) => {
        const reference = signReference(KEY, here, runId);
        const verdict = verifyReference(reference, { ...TRUST, trustDomain: there });
        expect(verdict.assurance).toBe(Buffer.from(here).equals(Buffer.from(there)) ? 'verified' : 'refuted');
      }),
    );
  });

  it('takes 12 bytes of MAC, never fewer', () => {
    expect(Buffer.from(referenceMac(KEY.secret, 'bank.example', RUN), 'base64url')).toHaveLength(MAC_BYTES);
  });

  it('is not asked about what is no run', () => {
    expect(() => signReference(KEY, 'bank.example', 'nightly')).toThrow(TypeError);
    expect(isRunId('nightly')).toBe(false);
  });
});
