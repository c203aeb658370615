import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTemporaryStore, type TemporaryStore } from '../readers/temporary-store.fixture.ts';
import { type FindingStore, findingStoreOf, tenantsWithRecords } from './open-findings.ts';

let temporary: TemporaryStore;
let store: FindingStore;

beforeAll(async () => {
  temporary = await openTemporaryStore();
  store = findingStoreOf(temporary.store, 'default');
});

afterAll(() => temporary?.remove());

const DAY = 86_400_000;
const window = { fromMillis: Date.now() - DAY, toMillis: Date.now() };
const hours = { fromSeconds: 1_760_000_400, toSeconds: 1_760_004_000 };

test('an empty record has nothing to be found in it', async () => {
  const { detectors } = store;
  expect(await detectors.firstUses(window, { learningMillis: DAY, most: 20 })).toEqual([]);
  expect(await detectors.busyHours(hours, { actions: 1, errors: 0 })).toEqual([]);
  expect(await detectors.hoursOf(['a:b'], hours, [0, 23])).toEqual([]);
  expect(await detectors.knownSince(['a:b'])).toEqual(new Map());
  expect(await detectors.manyFaced(window, { services: 2, principals: 2 })).toEqual([]);
  expect(
    await detectors.wideCredentials(window, { networks: 1, learningMillis: DAY, baselineDays: 1 }),
  ).toEqual([]);
  expect(await detectors.addressesOf(window, ['a:b'])).toEqual([]);
  expect(
    await detectors.staleCredentials({ unusedSinceMillis: 1, issuedBeforeMillis: 1, limit: 10 }),
  ).toEqual([]);
  await detectors.learnWorkloads(window);
  expect(await detectors.newWorkloads(window, { learningMillis: DAY })).toEqual([]);
  expect(await detectors.actionsOutsideRuns(window, { beforeMillis: 1, afterMillis: 1 })).toEqual([]);
  expect(await detectors.actionsInDoubt(window)).toEqual([]);
  expect(await detectors.ownerlessPrincipals({ sinceMillis: 0, patterns: [] })).toBeUndefined();
  expect(await detectors.ownerlessPrincipals({ sinceMillis: 0, patterns: ['k8s://*'] })).toEqual([]);
  expect(await detectors.authoritiesInUse(0)).toEqual([]);
  expect(await detectors.refutedActions(window)).toEqual([]);
  expect(await detectors.darkActions(window)).toEqual([]);
  expect(await detectors.unattributedActions(window, ['postgresql://*'])).toEqual([]);
  expect(await detectors.collectorGaps(window)).toEqual([]);
  expect(await detectors.lostSpans(window)).toEqual([]);
  expect(await detectors.processSequences(window, Date.now())).toEqual([]);
  expect(await tenantsWithRecords(temporary.store)).toEqual([]);
});
