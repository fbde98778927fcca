import { Hono } from 'hono';
import { type DescribeRouteOptions, describeRoute, generateSpecs, resolver } from 'hono-openapi';
import * as z from 'zod';
import { NamespaceId } from '../../model/names';
import { CHAPTERS, type RouteCard } from '../pipeline/route-card';
import { PROBLEM_TABLE } from '../response/error-response';

/**
 * Generates the OpenAPI 3.1 document from the schemas that the routes parse with.
 *
 * It runs at build time and is not part of the Worker: converting all schemas takes more CPU time than a request may
 * use on a small plan. The Worker serves the committed result (`docs/openapi.json`); a test fails if that is stale.
 */

type Parameter = NonNullable<DescribeRouteOptions['parameters']>[number];
type JsonSchema = Record<string, unknown>;

/** Drops what is the same in every schema of a kind: the bounds of safe integers, and the pattern of a format. */
function tidy({ jsonSchema }: { jsonSchema: JsonSchema }): void {
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
  // Every name is a string; its description gives the other rules.
  if (jsonSchema.propertyNames !== undefined) delete jsonSchema.propertyNames;
}

/** Wraps a schema for the generator, as clients see it: the input of requests, and the guaranteed members of responses. */
const described = (schema: z.ZodType) => resolver(schema, { options: { override: tidy } });

const Problem = z
  .object({
    type: z.string().meta({ description: 'URL of the documentation of this error' }),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: 'What is wrong, with which value, and how to fix it' }),
    code: z.enum(PROBLEM_TABLE.map(({ code }) => code)),
    errors: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'Each invalid member' }),
    compactedRevision: z.int().optional().meta({
      description: 'With `COMPACTED`: revision from which on the history of entries is complete',
    }),
  })
  .meta({ id: 'Problem', description: 'Reason why a request was refused (RFC 9457)' });

const CURSOR_HEADER = {
  'Rollcall-Cursor': {
    description: 'Position of the namespace that the response reflects',
    schema: { type: 'string' as const },
  },
};

const CONDITION_PARAMETERS: Record<NonNullable<RouteCard['conditional']>, Parameter[]> = {
  read: [
    {
      in: 'header',
      name: 'If-None-Match',
      description:
        'A cursor in double quotes, as in an `ETag`: 304 if nothing in the scope of this read has changed since',
      schema: { type: 'string' },
    },
    {
      in: 'header',
      name: 'Prefer',
      description:
        '`wait=30` with `If-None-Match`: wait up to 30 s for a change (RFC 7240); the parameter `wait` takes precedence',
      schema: { type: 'string' },
    },
    {
      in: 'header',
      name: 'Rollcall-Subscriber',
      description: 'Name of a poller: its next request with a cursor acknowledges that cursor',
      schema: { type: 'string' },
    },
  ],
  change: [
    {
      in: 'header',
      name: 'If-Match',
      description:
        'A cursor in double quotes: 412 if the record has changed since. `*`: 412 if the record does not exist',
      schema: { type: 'string' },
    },
    {
      in: 'header',
      name: 'If-None-Match',
      description: '`*`: 412 if the record exists',
      schema: { type: 'string', enum: ['*'] },
    },
  ],
};

/** Returns the members of an object schema as parameters of a path or a query. */
function parametersOf(where: 'path' | 'query', schema: z.ZodObject): Parameter[] {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input', override: tidy });
  return Object.entries(properties).map(([name, property]): Parameter => {
    const { description, example, ...rest } = property as JsonSchema & { description?: string }; // `as`: an object's member is a schema
    const filter = name === 'metadata';
    return {
      in: where,
      name: filter ? 'metadata.<key>' : name,
      ...(where === 'path' || required.includes(name) ? { required: true } : {}),
      ...(filter ? { description: 'Required value of the metadata key `<key>`; one parameter per key' } : {}),
      ...(description === undefined ? {} : { description }),
      ...(example === undefined ? {} : { example }),
      // `as`: JSON Schema 2020-12 is what OpenAPI 3.1 takes; the library's type is of an older draft.
      schema: (filter ? { type: 'string' } : rest) as Parameter extends { schema?: infer S } ? S : never,
    };
  });
}

function parametersOfCard({ path, input, headers = [], conditional }: RouteCard): Parameter[] {
  const namespace = path.includes('/:ns/') ? parametersOf('path', z.object({ ns: NamespaceId })) : [];
  return [
    ...namespace,
    ...(input.path === undefined ? [] : parametersOf('path', input.path)),
    ...(input.query === undefined ? [] : parametersOf('query', input.query)),
    ...headers.map((header): Parameter => ({ in: 'header', ...header, schema: { type: 'string' } })),
    ...(conditional === undefined ? [] : CONDITION_PARAMETERS[conditional]),
  ];
}

function bodyOf({ input, bodyType, example }: RouteCard): DescribeRouteOptions['requestBody'] {
  if (bodyType !== undefined) {
    const { contentType, description } = bodyType;
    return { required: true, content: { [contentType]: { schema: { type: 'string', description } } } };
  }
  if (input.body === undefined) return undefined;
  return {
    required: true,
    content: { 'application/json': { schema: described(input.body), ...(example === undefined ? {} : { example }) } },
  };
}

function answersOf({ path, answers, scope, conditional, input }: RouteCard): DescribeRouteOptions['responses'] {
  // Responses of a namespace have a position in its history; those of the directory have none.
  const cursor = path.includes('/:ns/') ? CURSOR_HEADER : undefined;
  const entries = Object.entries(answers).map(([status, { description, schema, contentType }]) => {
    const content = {
      ...(contentType !== undefined && { [contentType]: { schema: { type: 'string' as const } } }),
      ...(schema !== undefined && { 'application/json': { schema: described(schema) } }),
    };
    const isEmpty = schema === undefined && contentType === undefined;
    // A stream has no position of its own: each of its events has one.
    const headers = status === '101' || contentType === 'text/event-stream' ? undefined : cursor;
    return [status, { description, ...(headers && { headers }), ...(!isEmpty && { content }) }] as const;
  });
  if (conditional === 'read')
    entries.push([
      '304',
      { description: 'Nothing has changed since that cursor, nor within the wait', headers: CURSOR_HEADER },
    ]);
  const refused = {
    description:
      scope === 'open' && input.body === undefined
        ? 'The registry is not set up'
        : 'Error; `code` identifies the reason',
    content: { 'application/problem+json': { schema: described(Problem) } },
  };
  return { ...Object.fromEntries(entries), ...(path === '/health' ? {} : { default: refused }) };
}

const SECURITY_SCHEMES = {
  token: {
    type: 'http',
    scheme: 'bearer',
    description: 'A token, or the root token. A request must carry exactly one credential.',
  },
  ticket: {
    type: 'apiKey',
    in: 'query',
    name: 'ticket',
    description: 'Replaces a token if no header can be sent; valid for one stream or socket, within 30 s',
  },
} as const;

/** OpenAPI cannot describe a credential in the path, so that form is listed as a second server. */
const SERVERS = [
  { url: '/' },
  {
    url: '/t/{token}',
    description: 'For clients that cannot send headers; accepts read-only tokens, and tokens created for use in paths',
    variables: { token: { default: '-', description: 'The token' } },
  },
];

/** Returns the alternative security schemes of a route. */
function securityOf({ scope, door }: RouteCard): NonNullable<DescribeRouteOptions['security']> {
  if (scope === 'open') return [];
  return door === 'stream' || door === 'socket' ? [{ token: [] }, { ticket: [] }] : [{ token: [] }];
}

/** Returns the document as it is committed and served. */
export async function openApiDocument(cards: readonly RouteCard[], version: string): Promise<Record<string, unknown>> {
  const app = new Hono();
  for (const card of cards) {
    const { operation, method, path, scope, chapter, summary, description } = card;
    const spec: DescribeRouteOptions = {
      operationId: operation,
      tags: [chapter],
      summary,
      ...(description === undefined ? {} : { description }),
      parameters: parametersOfCard(card),
      requestBody: bodyOf(card),
      responses: answersOf(card),
      security: securityOf(card),
      ...(scope === 'open' ? {} : { 'x-scope': scope }),
    };
    app.on(method, path, describeRoute(spec));
  }
  const document = await generateSpecs(app, {
    excludeStaticFile: false,
    documentation: {
      info: {
        title: 'Rollcall',
        version,
        summary: 'A service registry on Cloudflare Workers, or on one machine',
        description:
          'Instances register and renew a lease; an instance disappears when its lease expires. Clients resolve services to ' +
          'instances. Every response about a namespace has the position of the namespace in `Rollcall-Cursor`.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: SERVERS,
      tags: CHAPTERS.map(({ name, description }) => ({ name, description })),
      components: { securitySchemes: SECURITY_SCHEMES },
    },
  });
  // Through JSON, which drops undefined members as the committed text does.
  return JSON.parse(JSON.stringify(document));
}
