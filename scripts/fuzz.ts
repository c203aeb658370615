/**
 * `npm run fuzz -- --minutes N`: valid requests, damaged, in both encodings, through the one pass from OTLP to rows.
 * Nothing may fail but with `otlp_malformed`, nothing may take long, memory stays bounded, and what the protobuf library
 * accepts must give the same rows.
 *
 * Each round has a seed of its own. A round that fails prints it, and `--seed S --rounds 1` does that round again.
 */
import { parseArgs } from 'node:util';
import { isCoded } from '@whence/model';
import fc from 'fast-check';
import { protobufFromJson } from '../packages/collector/src/otlp/json-request.ts';
import { arbitraryRequest } from '../packages/collector/src/testkit/arbitrary-request.ts';
import { jsonOf } from '../packages/collector/src/testkit/otlp-json.ts';
import { encodeRequest } from '../packages/collector/src/testkit/otlp-oracle.ts';
import { differenceFromLibrary } from '../packages/collector/src/testkit/same-as-library.ts';

const SLOW_MILLIS = 2_000;
const RSS_MAX_BYTES = 1 << 30;
const MUTANTS_PER_REQUEST = 50;
const SAID_EVERY_MILLIS = 10_000;

type Random = (below: number) => number;

/** Mulberry32: small, and the same everywhere. */
const randomFrom = (seed: number): Random => {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
};

/** Lengths and tags that are on the edge: the ends of varints, groups, wire types that do not exist. */
const WIRE_EDGES = [
  'ffffffffffffffffff01',
  '80808080808080808080',
  'ffffffff0f',
  'ffffffff07',
  '8000',
  '0b0c',
  '0b',
  '0c',
  '0e',
  '00',
  '7a00',
  '4a020a00',
].map((hex) => Buffer.from(hex, 'hex'));

const JSON_EDGES = [
  '"__proto__":{},',
  '"resourceSpans":[],',
  'null',
  '1e999',
  '-0',
  '18446744073709551616',
  '"\\ud800"',
  '{"arrayValue":{"values":[',
  '[[[[',
  '}]',
  '"',
  '\\',
  '\0',
  'true',
].map((text) => Buffer.from(text));

const pieceOf = (bytes: Buffer, random: Random): Buffer => {
  const start = random(bytes.length + 1);
  return bytes.subarray(start, start + 1 + random(Math.min(64, bytes.length - start + 1)));
};

const mutate = (bytes: Buffer, random: Random, edges: readonly Buffer[]): Buffer => {
  let mutant = Buffer.from(bytes);
  for (let edits = 1 + random(6); edits > 0; edits--) {
    const at = random(mutant.length + 1);
    const before = mutant.subarray(0, at);
    const after = mutant.subarray(at);
    switch (random(7)) {
      case 0:
        if (after.length > 0) after[0] = random(256);
        break;
      case 1:
        if (after.length > 0) after[0]! ^= 1 << random(8);
        break;
      case 2:
        mutant = Buffer.concat([before, after.subarray(random(32))]);
        break;
      case 3:
        mutant = Buffer.concat([before, pieceOf(mutant, random), after]);
        break;
      case 4:
        mutant = Buffer.concat([before, edges[random(edges.length)]!, after]);
        break;
      case 5:
        mutant = Buffer.concat([before, edges[random(edges.length)]!, after.subarray(random(12))]);
        break;
      case 6:
        if (random(4) === 0) mutant = Buffer.from(before);
    }
  }
  return mutant;
};

/** @returns what is wrong; undefined: nothing */
const faultOfJson = (text: string): string | undefined => {
  let body: Uint8Array;
  try {
    body = protobufFromJson(text);
  } catch (error) {
    if (isCoded(error, 'otlp_malformed')) return undefined;
    throw error;
  }
  return differenceFromLibrary(body);
};

const round = (seed: number): string | undefined => {
  const random = randomFrom(seed);
  const [request] = fc.sample(arbitraryRequest, { seed, numRuns: 1 });
  const protobuf = Buffer.from(encodeRequest(request!));
  const json = Buffer.from(jsonOf(request!, random(2) === 0 ? 'text' : 'number'));
  for (let i = 0; i < MUTANTS_PER_REQUEST; i++) {
    const inJson = i % 2 === 1;
    const mutant = inJson ? mutate(json, random, JSON_EDGES) : mutate(protobuf, random, WIRE_EDGES);
    const began = performance.now();
    let fault: string | undefined;
    try {
      fault = inJson ? faultOfJson(mutant.toString()) : differenceFromLibrary(mutant);
    } catch (error) {
      fault = error instanceof Error ? error.stack : String(error);
    }
    const millis = performance.now() - began;
    if (fault === undefined && millis > SLOW_MILLIS) fault = `took ${Math.round(millis)} ms`;
    if (fault !== undefined) return `${fault}\n${inJson ? mutant.toString() : mutant.toString('hex')}`;
  }
  const { rss } = process.memoryUsage();
  return rss > RSS_MAX_BYTES ? `${rss} bytes of memory` : undefined;
};

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string' },
    rounds: { type: 'string' },
  },
});
const first = Number(options.seed ?? Math.floor(Math.random() * 2 ** 31));
const rounds = Number(options.rounds ?? Number.POSITIVE_INFINITY);
const deadline = Date.now() + Number(options.minutes) * 60_000;
if (![first, rounds, deadline].every((each) => each >= 0))
  throw new Error('--minutes, --seed and --rounds are numbers');

let done = 0;
let said = Date.now();
console.log(`fuzzing from seed ${first}`);
while (done < rounds && Date.now() < deadline && process.exitCode === undefined) {
  const seed = (first + done) % 2 ** 31;
  const fault = round(seed);
  done++;
  if (fault !== undefined) {
    console.log(`seed ${seed}: ${fault}\nagain: npm run fuzz -- --seed ${seed} --rounds 1`);
    process.exitCode = 1;
  }
  if (Date.now() - said > SAID_EVERY_MILLIS) {
    said = Date.now();
    console.log(`${done * MUTANTS_PER_REQUEST} inputs`);
  }
}
console.log(
  `${done * MUTANTS_PER_REQUEST} inputs, ${process.exitCode === undefined ? 'no fault' : 'one fault'}`,
);
