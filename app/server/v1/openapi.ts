/** The OpenAPI 3.1 document, from the schemas that check and describe the routes. */
import { z } from 'zod';
import { BODY_LIMIT } from './body.ts';
import { RATES } from './rate.ts';
import type { AnyRoute } from './declaration.ts';
import { problem } from './schemas.ts';

type Json = Record<string, unknown>;

/** The table imports a route that serves this document: it is handed in, not imported. */
let routes: Readonly<Record<string, AnyRoute>> = {};
let made: Json | undefined;

export function describeRoutes(table: Readonly<Record<string, AnyRoute>>): void {
  routes = table;
  made = undefined;
}

export function openApiOf(): Json {
  made ??= build();
  return made;
}

function build(): Json {
  const paths: Record<string, Json> = {};
  for (const [key, route] of Object.entries(routes)) {
    const [method = '', path = ''] = key.split(' ');
    paths[path] = { ...paths[path], [method.toLowerCase()]: operation(key, route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Cardhour',
      version: '1',
      description: `An open market for computing power. Errors are problem+json with a code, a sentence and the fix; lists have cursors; GETs have ETags; POSTs take an Idempotency-Key. A body has at most ${BODY_LIMIT} bytes.`,
      license: { name: 'Apache-2.0' },
    },
    servers: [{ url: '/api/v1' }],
    paths,
    components: {
      schemas: { Problem: schemaOf(problem, 'output') },
      responses: {
        Problem: {
          description: 'What is wrong and what to do about it',
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: 'cardhour_session' },
        key: { type: 'http', scheme: 'bearer' },
      },
    },
  };
}

function operation(key: string, route: AnyRoute): Json {
  const { access, rate } = route;
  const open = access === 'anyone';
  const who = open
    ? 'Anyone.'
    : `Roles: ${access.roles.join(', ')}.${access.scope === null ? ' Sessions alone.' : ` Keys: scope ${access.scope}.`}`;
  const status = String(route.status ?? 200);
  return {
    operationId: key,
    summary: route.summary,
    description: `${who} Rate: ${rate}, ${RATES[rate].perSecond} a second.`,
    tags: [route.tag],
    security: open ? [{}] : [{ session: [] }, ...(access.scope === null ? [] : [{ key: [access.scope] }])],
    parameters: [...parametersOf(route.path, 'path'), ...parametersOf(route.query, 'query')],
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: schemaOf(route.body, 'input') } },
          },
        }),
    responses: { [status]: success(route), default: { $ref: '#/components/responses/Problem' } },
  };
}

function success(route: AnyRoute): Json {
  if (route.media !== undefined)
    return { description: route.summary, content: { [route.media]: { schema: {} } } };
  if (route.answer === undefined) return { description: route.summary };
  return {
    description: route.summary,
    content: { 'application/json': { schema: schemaOf(route.answer, 'output') } },
  };
}

function parametersOf(schema: z.ZodObject | undefined, place: 'path' | 'query'): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }));
}

/** Bigints, which in-process callers may pass, are nothing that JSON has. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override({ jsonSchema }) {
      const { anyOf } = jsonSchema;
      if (anyOf !== undefined) jsonSchema.anyOf = anyOf.filter((part) => Object.keys(part).length > 0);
    },
  });
  return json;
}
