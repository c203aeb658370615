import { z } from 'zod';
import { idle, name, spanKind } from './fields.ts';
import { NAMES, OPERATIONS } from './first-answers.ts';
import { serviceNameOf, servicesNamed } from './first-span.ts';
import { jaegerEndpoint } from './jaeger-endpoint.ts';
import { NAMES_MAX, namesLeftOut, optionalWarnings } from './names.ts';
import { ENVELOPE, firstRefusal } from './refusals.ts';

const FORMAT = { prettyPrint: idle };

export const servicesRoute = jaegerEndpoint({
  path: '/api/services',
  summary: 'Services (Jaeger)',
  examples: [{ summary: 'Ask', request: '/api/services' }],
  refusal: firstRefusal,
  parameters: z.object(FORMAT),
  answer: NAMES,
  respond: async (_asked, { readers }) => {
    const found = await readers.operations.services(NAMES_MAX);
    const data = [...new Set(found.items.map(serviceNameOf))];
    return { data, ...ENVELOPE, total: found.total, ...optionalWarnings(namesLeftOut(found)) };
  },
});

export const operationNamesRoute = jaegerEndpoint({
  path: '/api/services/{service}/operations',
  summary: 'Names of the operations of a service (Jaeger)',
  examples: [{ summary: 'Of billing', request: '/api/services/billing/operations' }],
  refusal: firstRefusal,
  pathParameters: z.object({ service: name }),
  parameters: z.object(FORMAT),
  answer: NAMES,
  respond: async ({ path: { service } }, { readers }) => {
    const found = await readers.operations.operations({ services: servicesNamed(service) }, NAMES_MAX);
    const data = [...new Set(found.items.map((operation) => operation.name))];
    return { data, ...ENVELOPE, total: data.length, ...optionalWarnings(namesLeftOut(found)) };
  },
});

export const operationsRoute = jaegerEndpoint({
  path: '/api/operations',
  summary: 'Operations of a service, with their kinds (Jaeger)',
  examples: [{ summary: 'What it serves', request: '/api/operations?service=billing&spanKind=server' }],
  refusal: firstRefusal,
  parameters: z.object({ service: name, spanKind: spanKind.optional(), ...FORMAT }),
  answer: OPERATIONS,
  respond: async ({ parameters: { service, spanKind: kind } }, { readers }) => {
    const asked = { services: servicesNamed(service), ...(kind === undefined ? {} : { kind }) };
    const found = await readers.operations.operations(asked, NAMES_MAX);
    const data = found.items.map((operation) => ({ name: operation.name, spanKind: operation.kind }));
    return { data, ...ENVELOPE, total: found.total, ...optionalWarnings(namesLeftOut(found)) };
  },
});
