import { type FindingStore, findingStoreOf, type Mute, type Store } from '@whence/store';
import { z } from 'zod';
import type { Asker } from '../../api/asker.ts';
import { type FindingsFile, mutesInForce } from '../../findings/rule-settings.ts';

/** What routes of findings are answered from. */
export interface AskedFindings {
  readonly file: FindingsFile;
  /** Of the asker's tenant alone. */
  storeOf(asker: Asker): FindingStore;
  mutesOf(asker: Asker): Promise<readonly Mute[]>;
}

export const askedFindings = (store: Store, file: FindingsFile): AskedFindings => {
  const storeOf = ({ tenant }: Asker): FindingStore => findingStoreOf(store, tenant);
  return { file, storeOf, mutesOf: (asker) => mutesInForce(file, storeOf(asker)) };
};

export const uuid = z
  .string()
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, 'a UUID: 8-4-4-4-12 hex digits')
  .toLowerCase();
