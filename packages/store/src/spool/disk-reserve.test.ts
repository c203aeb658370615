import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StoreError } from '../store-error.ts';
import { DiskReserve, RESERVE_PARTS } from './disk-reserve.ts';

const BYTES = 80_000;
/** More than any disk has. */
const TOO_MUCH = 2 ** 60;

let directory: string;
let said: string[];
const open: DiskReserve[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'whence-reserve-'));
  said = [];
});

afterEach(async () => {
  for (const reserve of open.splice(0)) await reserve.close();
  await rm(directory, { recursive: true, force: true });
});

const find = async (bytes = BYTES): Promise<DiskReserve> => {
  const say = (_: unknown, message: string) => void said.push(message);
  const reserve = await DiskReserve.find({ directory, bytes, log: { warn: say, error: say } });
  open.push(reserve);
  return reserve;
};

const whole = (reserve: DiskReserve) =>
  vi.waitFor(
    () => expect({ bytes: reserve.bytes, spent: reserve.spent }).toEqual({ bytes: BYTES, spent: false }),
    {
      timeout: 10_000,
    },
  );

const findWhole = async (): Promise<DiskReserve> => {
  const reserve = await find();
  await reserve.keepWhole();
  await whole(reserve);
  return reserve;
};

const files = async (): Promise<string[]> => (await readdir(join(directory, 'reserve'))).sort();

const failed = (name: 'ENOSPC' | 'EDQUOT' | 'EIO'): Error =>
  Object.assign(new Error(name), { errno: -constants.errno[name] });

/** Works when so many files of the reserve are there at most. */
const needing = (most: number, error: Error = failed('ENOSPC')) => {
  const action = async (): Promise<string> => {
    action.calls++;
    if ((await files()).length > most) throw error;
    return 'done';
  };
  action.calls = 0;
  return action;
};

describe('reserve of a disk', () => {
  it('is files with bytes that cannot be compressed, in the background', async () => {
    const reserve = await find();
    await reserve.keepWhole();
    expect(reserve.spent).toBe(false);
    await whole(reserve);
    const contents = await Promise.all(
      (await files()).map((file) => readFile(join(directory, 'reserve', file))),
    );
    expect(contents.map(({ length }) => length)).toEqual(Array(RESERVE_PARTS).fill(BYTES / RESERVE_PARTS));
    const together = Buffer.concat(contents);
    expect(deflateRawSync(together).length).toBeGreaterThanOrEqual(together.length);
  });

  it('gives back as many parts as it takes, is spent, and is whole again by itself', async () => {
    const reserve = await findWhole();
    const action = needing(5);
    expect(await reserve.spend(action)).toBe('done');
    expect(action.calls).toBe(4);
    expect(reserve.bytes).toBe((BYTES / RESERVE_PARTS) * 5);
    expect(reserve.spent).toBe(true);
    await whole(reserve);
    expect(said.filter((message) => message.includes('a part of the reserve is given back'))).toHaveLength(3);
    expect(said.at(-1)).toBe('the reserve is whole again');
  });

  it.each([
    ['a quota', failed('EDQUOT')],
    ['an error with that cause', new StoreError('spool_unavailable', 'no', { cause: failed('ENOSPC') })],
  ])('takes %s for a full disk', async (_, error) => {
    const reserve = await findWhole();
    expect(await reserve.spend(needing(7, error))).toBe('done');
  });

  it('gives nothing back for any other error', async () => {
    const reserve = await findWhole();
    await expect(reserve.spend(needing(7, failed('EIO')))).rejects.toThrow('EIO');
    expect(reserve.bytes).toBe(BYTES);
    expect(reserve.spent).toBe(false);
  });

  it('leaves what is for others, and says in the end what was wrong', async () => {
    const reserve = await find();
    await (await findWhole()).close();
    const finder = await find();
    await expect(finder.spend(needing(0), 2)).rejects.toThrow('ENOSPC');
    expect(finder.bytes).toBe((BYTES / RESERVE_PARTS) * 2);
    await expect(finder.spend(needing(-1))).rejects.toThrow('ENOSPC');
    expect(finder.bytes).toBe(0);
    expect(reserve.bytes).toBe(0);
  });

  it('gives one part back for all who fail at the same time', async () => {
    const reserve = await findWhole();
    const done = await Promise.all(Array.from({ length: 20 }, () => reserve.spend(needing(7))));
    expect(done).toEqual(Array(20).fill('done'));
    expect(said.filter((message) => message.includes('given back'))).toHaveLength(1);
  });

  it('is spent from the start where there is no room for it', async () => {
    const reserve = await find(TOO_MUCH);
    await reserve.keepWhole();
    expect(reserve).toMatchObject({ bytes: 0, spent: true });
    expect(said).toEqual([expect.stringContaining('no room for the reserve')]);
    expect(await readdir(directory)).toEqual([]);
  });

  it('is nothing where it is to have no bytes, and what was there is cleared away', async () => {
    await (await findWhole()).close();
    const reserve = await find(0);
    expect(reserve.bytes).toBe(0);
    await reserve.keepWhole();
    expect(reserve.spent).toBe(false);
    expect(await files()).toEqual([]);
    const action = needing(-1);
    await expect(reserve.spend(action)).rejects.toThrow('ENOSPC');
    expect(action.calls).toBe(1);
  });
});

describe('reserve that an earlier process has left', () => {
  it('can be spent before the directory is owned, and until then nothing is taken', async () => {
    await (await findWhole()).close();
    const reserve = await find();
    expect(reserve.bytes).toBe(BYTES);
    await reserve.spend(needing(6));
    expect(await files()).toHaveLength(6);
    expect(said.filter((message) => message.includes('whole'))).toEqual([]);
    await reserve.keepWhole();
    await whole(reserve);
  });

  it('is made whole where files are missing, cut off, or of another size', async () => {
    await (await findWhole()).close();
    await rm(join(directory, 'reserve', '0'));
    await truncate(join(directory, 'reserve', '1'), 10);
    await writeFile(join(directory, 'reserve', '8'), 'stray');
    const reserve = await find();
    expect(reserve.bytes).toBe((BYTES / RESERVE_PARTS) * 6);
    await reserve.keepWhole();
    await whole(reserve);
    expect(await files()).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
    await reserve.close();
    const larger = await find(BYTES * 2);
    expect(larger.bytes).toBe(0);
    await larger.keepWhole();
    await vi.waitFor(() => expect(larger.bytes).toBe(BYTES * 2));
  });

  it('is left alone by one that was closed', async () => {
    const reserve = await findWhole();
    await reserve.close();
    await reserve.spend(needing(7));
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await files()).toHaveLength(7);
  });
});
