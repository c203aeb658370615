import type { FindingPart } from '@whence/store';

/** The finding that the examples in `/openapi.json` are about. */
export const exampleFinding: FindingPart = {
  id: '5f1e7a52-6a0c-8c1f-9a2b-3d4e5f607182',
  part: Date.parse('2026-03-01T03:00:00Z'),
  rule: 'outside_run',
  severity: 'medium',
  subject: { kind: 'run', id: '01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10' },
  principal: 'k8s://demo/jobs/nightly',
  sentence:
    'Work was done with the reference of run 01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10 of nightly-reconcile after it had ended at 2026-03-01T03:15:07Z.',
  evidence: {
    actions: [{ traceId: 'f0000000000000000000000000000000', spanId: 'e000000000000004' }],
    runs: ['01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10'],
    search: { run: '01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10' },
    figures: { afterMinutes: 15, actors: ['spiffe://demo/billing'] },
  },
  firstSeenMillis: Date.parse('2026-03-01T03:40:00Z'),
  lastSeenMillis: Date.parse('2026-03-01T03:41:00Z'),
  count: 2,
};
