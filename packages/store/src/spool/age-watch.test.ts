import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { AgeWatch, LONG_WAIT_MILLIS } from './age-watch.ts';
import { DiskReserve } from './disk-reserve.ts';
import { Spool } from './spool.ts';

it('says that rows have waited long, at twice the time again, and when that is over; the rows stay', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'whence-age-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const said: unknown[] = [];
  const log = { warn: (...args: unknown[]) => void said.push(args), error: () => {} };
  const spool = await Spool.open({
    directory,
    table: { name: 'things', columns: [] },
    segmentMaxBytes: 1_000,
    segmentMaxAgeMillis: 5,
    maxBytes: 1 << 30,
    reserve: await DiskReserve.find({ directory, bytes: 0, log }),
    log,
  });
  onTestFinished(() => spool.close());
  const watch = new AgeWatch([spool], log);
  onTestFinished(() => watch.stop());
  const now = Date.now();
  const saidAfter = (minutes: number): unknown[] => {
    watch.look(now + minutes * 60_000);
    return said.splice(0);
  };
  const longWait = (ageSeconds: number) => [
    [
      { table: 'things', ageSeconds, bytes: 4 },
      'rows have waited long to be sent: they are kept until they are',
    ],
  ];

  expect(saidAfter(1_000)).toEqual([]);
  await spool.append(Buffer.from('rows'), 1, spool.place(now));
  expect(LONG_WAIT_MILLIS).toBe(600_000);
  expect(saidAfter(9)).toEqual([]);
  expect(saidAfter(10)).toEqual(longWait(600));
  expect(saidAfter(19)).toEqual([]);
  expect(saidAfter(60)).toEqual(longWait(3_600));
  expect(saidAfter(119)).toEqual([]);
  expect(saidAfter(14_400)).toEqual(longWait(864_000));

  const segment = await spool.next(AbortSignal.timeout(2_000));
  expect(segment).toMatchObject({ rows: 1 });
  await spool.shipped(segment!);
  expect(saidAfter(14_401)).toEqual([[{ table: 'things' }, 'rows do not wait long any more']]);
  expect(saidAfter(14_402)).toEqual([]);
});
