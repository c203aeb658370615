import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allowedHosts } from './allowed-hosts.ts';

const isAllowed = allowedHosts(['billing', 'api.acme.internal', '*.svc.acme.internal', '[::1]', '10.0.0.7']);

describe('allowed hosts', () => {
  it.each([
    'billing',
    'BILLING',
    'api.acme.internal',
    'a.svc.acme.internal',
    'a.b.svc.acme.internal',
    '::1',
    '[::1]',
    '10.0.0.7',
  ])('are %s', (host) => {
    expect(isAllowed(host)).toBe(true);
    expect(isAllowed(host)).toBe(true);
  });

  it.each([
    '',
    'svc.acme.internal',
    '.svc.acme.internal',
    'evilsvc.acme.internal',
    'a.svc.acme.internal.',
    'a.svc.acme.internal.evil.example',
    'api.acme.internal:443',
    'user@api.acme.internal',
    'api.acme.internal/',
    'xbilling',
    'billing ',
    '::2',
    '10.0.0.70',
    '*.svc.acme.internal ',
  ])('are not %j', (host) => {
    expect(isAllowed(host)).toBe(false);
    expect(isAllowed(host)).toBe(false);
  });

  it('are none where none is named', () => {
    fc.assert(fc.property(fc.string(), (host) => !allowedHosts([])(host)));
  });

  it('are no more for having been asked often', () => {
    for (let count = 0; count < 3000; count++) expect(isAllowed(`h${count}`)).toBe(false);
    expect(isAllowed('billing')).toBe(true);
  });
});
