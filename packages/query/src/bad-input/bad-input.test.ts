import { parse } from 'node:querystring';
import { findingStoreOf } from '@whence/store';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import type { Route } from '../api/endpoint.ts';
import { type AskedService, startAskedService } from '../asked-service.fixture.ts';
import { insertExampleCredentials } from '../example-credentials.fixture.ts';
import { exampleGraph } from '../example-graph.fixture.ts';
import { exampleFinding } from '../findings/example-finding.fixture.ts';
import { insertGraph, span } from '../lineage/graph.fixture.ts';
import { routesOf } from '../routes.ts';
import { bodiesLike, NO_BODIES, WRONG_HEADERS } from './bad-bodies.fixture.ts';
import { forgedCursors, spoiltCursors } from './bad-cursors.fixture.ts';
import { ALL_INJECTIONS, BAD_VALUES, TOO_LONG } from './bad-values.fixture.ts';
import { type Sender, type Sent, senderTo } from './sender.fixture.ts';
import { type Told, toldBy } from './told.fixture.ts';

/**
 * Whatever is sent to whatever address: an answer as it is described, or a refusal that names what is at fault. Never an
 * error of ours, never no answer; and the record is as it was. Made from the routes themselves: one more is one more here.
 */
const routes = routesOf(undefined as never);
const named = (some: readonly Route[]) =>
  some.map((route) => [`${route.method} ${route.path}`, route] as const);

const SHOP = ['http://shop:8080/buy?item=1', 'http://shop:8080/buy?item=2'];

let asked: AskedService;
let sender: Sender;
let before: Readonly<Record<string, string>>;

beforeAll(async () => {
  asked = await startAskedService();
  const { store } = asked.temporary;
  await insertGraph(store, exampleGraph);
  await insertGraph(store, { spans: SHOP.map((Target) => span({ Target, System: 'http' })), runs: [] });
  await findingStoreOf(store, 'default').findings.tell([exampleFinding]);
  await insertExampleCredentials(store);
  sender = senderTo(asked.service.url);
  before = await record();
});

afterAll(async () => {
  sender?.close();
  await asked?.remove();
});

const send = async (route: Route, sent: Omit<Sent, 'method'>): Promise<Told> =>
  toldBy(route, await sender.send({ ...sent, method: route.method.toUpperCase() }));

const asking = (route: Route, address: string, headers: Readonly<Record<string, string>> = {}) =>
  send(route, { address, headers, ...bodyOf(route) });

/** A request that the route answers, or would if there were such an id. */
const goodAddress = ({ path, examples }: Route): string =>
  examples[0]?.request ?? path.replaceAll(/\{\w+\}/g, exampleFinding.id);

const bodyOf = ({ examples }: Route) => {
  const body = examples[0]?.body;
  return body === undefined ? {} : { body: JSON.stringify(body) };
};

/** The good address with the parameter as it is given here. */
const withParameter = (route: Route, name: string, ...values: readonly string[]): string => {
  const [path = '', query = ''] = goodAddress(route).split('?', 2);
  const others = query.split('&').filter((each) => each !== '' && !each.startsWith(`${name}=`));
  return `${path}?${[...others, ...values.map((value) => `${name}=${value}`)].join('&')}`;
};

const withPathParameter = (route: Route, name: string, value: string): string => {
  const [path = '', ...query] = goodAddress(route).split('?');
  const place = route.path.split('/').indexOf(`{${name}}`);
  return [path.split('/').with(place, value).join('/'), ...query].join('?');
};

const withBoth = (route: Route, ...given: readonly (readonly [string, string])[]): string => {
  const url = new URL(goodAddress(route), 'http://localhost');
  for (const [name, value] of given) url.searchParams.set(name, value);
  return `${url.pathname}${url.search}`;
};

/** Of every table: how many rows, and a sum over all of them. */
const record = async (): Promise<Readonly<Record<string, string>>> => {
  const { client } = asked.temporary.store;
  const rows = async <Row>(query: string): Promise<readonly Row[]> =>
    (await client.query({ query, format: 'JSONEachRow' })).json<Row>();
  const tables = await rows<{ name: string }>(
    "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'",
  );
  const sums = await Promise.all(
    tables.map(async ({ name }) => {
      const [sum] = await rows<{ sum: string }>(
        `SELECT concat(toString(count()), ' ', toString(sum(cityHash64(*)))) AS sum FROM ${name} SETTINGS final = 1`,
      );
      return [name, sum?.sum ?? ''] as const;
    }),
  );
  return Object.fromEntries(sums);
};

/** Of the values that the field takes, each costs an answer: it is given one of them, another than the field before. */
const valuesFor = (schema: z.ZodType, decode: (value: string) => unknown, turn: number) => {
  const isRefused = (value: string): boolean => !schema.safeParse(decode(value)).success;
  const refused = BAD_VALUES.filter(isRefused);
  const taken = BAD_VALUES.filter((value) => !isRefused(value));
  const one = taken.length === 0 ? [] : [taken[turn % taken.length]!];
  return [...refused, ALL_INJECTIONS, ...one].map((value) => ({ value, refused: isRefused(value) }));
};

const inQuery = (value: string): unknown => parse(`value=${value}`)['value'];

const inPath = (value: string): unknown => {
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
};

/** What is wrong with what was told, if anything is. */
const complaint = (address: string, told: Told): readonly string[] =>
  told.status === 'wrong' ? [`${address.slice(0, 300)}: ${told.why}`] : [];

/** The same where it must be refused. */
const complaintUnlessNamed = (name: string, address: string, told: Told): readonly string[] => {
  if (told.status === 'wrong') return complaint(address, told);
  const isNamed =
    told.status === 'refused' &&
    told.http === 400 &&
    told.detail.includes(name) &&
    (told.problem === undefined || (told.problem.code === 'bad_parameter' && told.problem.field === name));
  return isNamed ? [] : [`${address.slice(0, 300)}: ${name} is not named: ${JSON.stringify(told)}`];
};

const everyParameter = routes.flatMap((route) => [
  ...Object.keys(route.pathParameters.shape).map((name) => ({ route, name, place: 'path' as const })),
  ...Object.keys(route.parameters.shape).map((name) => ({ route, name, place: 'query' as const })),
]);

describe('a value that is none', () => {
  test.each(
    everyParameter.map(
      (each, turn) => [`${each.route.method} ${each.route.path} ${each.name}`, each, turn] as const,
    ),
  )('%s', async (_, { route, name, place }, turn) => {
    const schema = (place === 'path' ? route.pathParameters : route.parameters).shape[name] as z.ZodType;
    const values = valuesFor(schema, place === 'path' ? inPath : inQuery, turn);
    const write = place === 'path' ? withPathParameter : withParameter;
    const complaints = values.map(async ({ value, refused }) => {
      const address = write(route, name, value);
      const told = await asking(route, address);
      return refused ? complaintUnlessNamed(name, address, told) : complaint(address, told);
    });
    expect((await Promise.all(complaints)).flat()).toEqual([]);
  });

  test('an address that is too long to be read', async () => {
    for (const { route, name, place } of everyParameter.filter(
      ({ place }, at) => place === 'path' || at % 8 === 0,
    )) {
      const write = place === 'path' ? withPathParameter : withParameter;
      for (const value of TOO_LONG) {
        expect(await asking(route, write(route, name, value))).toMatchObject({
          http: 431,
          problem: { code: 'head_too_large' },
        });
      }
    }
  });
});

/** Whoever scrapes it may add what they like. */
const TAKES_ANYTHING = '/metrics';

describe('parameters that do not go together', () => {
  test.each(named(routes))('%s, one of them more than once', async (_, route) => {
    for (const [name, field] of Object.entries(route.parameters.shape)) {
      const value = new URL(goodAddress(route), 'http://localhost').searchParams.get(name) ?? '1';
      for (const times of [2, 100]) {
        const address = withParameter(route, name, ...Array(times).fill(encodeURIComponent(value)));
        const told = await asking(route, address);
        const isTaken = (field as z.ZodType).safeParse(Array(times).fill(value)).success;
        expect(isTaken ? complaint(address, told) : complaintUnlessNamed(name, address, told)).toEqual([]);
      }
    }
  });

  test.each(named(routes.filter(({ path }) => path !== TAKES_ANYTHING)))(
    '%s, one that is unknown',
    async (_, route) => {
      for (const name of [
        'tenant',
        '__proto__',
        'constructor',
        'limit[]',
        'limit[x]',
        'LIMIT',
        '{x:String}',
      ]) {
        const address = withParameter(route, encodeURIComponent(name), '1');
        expect(complaintUnlessNamed(name, address, await asking(route, address))).toEqual([]);
      }
    },
  );

  /** Values of a kind that has an order. */
  const ORDERED = [
    ['2026-03-01T00:00:00Z', '2026-03-02T00:00:00Z'],
    ['1772323200000000', '1772409600000000'],
    ['1s', '2s'],
  ] as const;

  /** Any two parameters of one kind, each way round. */
  const ranges = routes.flatMap((route) =>
    ORDERED.flatMap(([low, high]) => {
      const takes = (field: z.ZodType, value: string): boolean => field.safeParse(value).success;
      const names = Object.entries(route.parameters.shape)
        .filter(([, field]) => takes(field as z.ZodType, low) && !takes(field as z.ZodType, 'x'))
        .map(([name]) => name);
      return names.flatMap((one) =>
        names
          .filter((other) => other !== one)
          .map((other) => ({ route, address: withBoth(route, [one, high], [other, low]) })),
      );
    }),
  );

  test('ranges that end before they begin', async () => {
    const all = await Promise.all(
      ranges.map(async ({ route, address }) => ({ address, told: await asking(route, address) })),
    );
    expect(all.flatMap(({ address, told }) => complaint(address, told))).toEqual([]);
    expect(all.filter(({ told }) => told.status === 'refused').length).toBeGreaterThan(10);
  });
});

describe('a form that nobody has', () => {
  const FORMS = ['image/png', '*/*;q=NaN, application/json;q=0', 'a/b,'.repeat(2000)];

  test.each(named(routes))('%s', async (_, route) => {
    const complaints = FORMS.map(async (accept) =>
      complaint(accept, await asking(route, goodAddress(route), { accept })),
    );
    expect((await Promise.all(complaints)).flat()).toEqual([]);
  });
});

describe('a cursor that was not given out for this question', () => {
  const paged = routes.filter(({ parameters }) => 'cursor' in parameters.shape);
  /** As it is put together where cursors are made. */
  const questionOf = (path: string): string => JSON.stringify(['default', path, []]);

  test('whoever knows how they are made can make one that leads on', async () => {
    expect(paged.length).toBeGreaterThan(8);
    const route = paged.find(({ path }) => path === '/v1/actions')!;
    const made = forgedCursors(questionOf('/v1/actions'));
    const told = await Promise.all(made.map((cursor) => asking(route, `/v1/actions?cursor=${cursor}`)));
    expect(told).toContainEqual({ status: 'answered' });
  });

  test.each(named(paged))('%s', async (_, route) => {
    const [path = ''] = goodAddress(route).split('?');
    const { text } = await sender.send({ method: 'GET', address: `${path}?limit=1` });
    const ofAnother = forgedCursors('another question');
    const [, given = ofAnother[1]!] = /(?:"next":"|cursor=)([\w-]+)/.exec(text) ?? [];
    const complaints = [
      ...[...spoiltCursors(given), ...ofAnother].map(async (cursor) => {
        const address = `${path}?cursor=${cursor}`;
        return complaintUnlessNamed('cursor', address, await asking(route, address));
      }),
      ...forgedCursors(questionOf(path)).map(async (cursor) => {
        const address = `${path}?cursor=${cursor}`;
        return complaint(address, await asking(route, address));
      }),
    ];
    expect((await Promise.all(complaints)).flat()).toEqual([]);
  });

  test('the link to the next page leads on, with a question mark in the question too', async () => {
    const route = paged.find(({ path }) => path === '/v1/targets')!;
    const address = '/v1/targets?limit=1&sort=target&prefix=http://shop:8080/buy?item';
    const { headers } = await sender.send({ method: 'GET', address });
    const [, next = ''] = /^<(.*)>; rel="next"$/.exec(String(headers['link'])) ?? [];
    const { status, text } = await sender.send({ method: 'GET', address: next });
    expect([status, JSON.parse(text)]).toMatchObject([route.status, { targets: [{ target: SHOP[1] }] }]);
  });
});

describe('what is sent with a body', () => {
  const taking = routes.filter(({ body }) => body !== undefined);

  test.each(named(taking))(
    '%s: a body that is none is refused, and nothing is kept of it',
    async (_, route) => {
      const kept = await record();
      for (const [name, sent] of Object.entries(NO_BODIES)) {
        const told = await send(route, { address: goodAddress(route), ...sent });
        expect([name, told]).toEqual([
          name,
          {
            status: 'refused',
            http: expect.toBeOneOf([400, 413]),
            detail: expect.any(String),
            problem: expect.anything(),
          },
        ]);
      }
      expect(await record()).toEqual(kept);
    },
  );

  test.each(named(taking))('%s: a body that is said to be another', async (_, route) => {
    for (const headers of WRONG_HEADERS) {
      const told = await send(route, { address: goodAddress(route), headers, ...bodyOf(route) });
      expect(complaint(JSON.stringify(headers), told)).toEqual([]);
    }
  });

  test.each(named(taking))('%s: fields that are none are named', async (_, route) => {
    const complaints = bodiesLike(route.examples[0]!.body as object, route.body!).map(async (sent) => {
      const told = await send(route, { address: goodAddress(route), ...sent });
      const isNameless = told.status === 'refused' && told.http === 400 && told.problem?.field === undefined;
      return isNameless ? [`no field is named: ${told.detail}`] : complaint(String(sent.body), told);
    });
    expect((await Promise.all(complaints)).flat()).toEqual([]);
  });
});

describe('after all that', () => {
  /** What is declared over the API: some of it was taken. */
  const DECLARED = ['principal_owners', 'finding_mutes', 'finding_rule_settings', 'finding_words'];

  test('the record is as it was', async () => {
    const isOfRecord = ([table]: readonly [string, string]): boolean => !DECLARED.includes(table);
    const now = Object.entries(await record()).filter(isOfRecord);
    expect(now).toEqual(Object.entries(before).filter(isOfRecord));
    expect(Object.keys(before)).toEqual(expect.arrayContaining(DECLARED));
  });

  test.each(named(routes.filter(({ examples }) => examples.length > 0)))('%s answers', async (_, route) => {
    expect(await asking(route, goodAddress(route))).toMatchObject({ status: 'answered' });
  });
});
