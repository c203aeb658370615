import { parse, stringify, v7 } from 'uuid';

export const RUN_ID_BYTES = 16;

/** A new UUIDv7 (RFC 9562), 36 lower-case characters. */
export const newRunId = (): string => v7();

const RUN_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Lower case only: a run has one spelling, so that ids can be compared as texts. */
export const isRunId = (text: string): boolean => RUN_ID.test(text);

export const runIdToBytes = (id: string): Uint8Array => parse(id);

/** @throws TypeError where the bytes are no UUID. */
export const runIdFromBytes = (bytes: Uint8Array): string => stringify(bytes);

/** Milliseconds since the epoch at which the id was made (RFC 9562, section 5.7). */
export const runIdTime = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
