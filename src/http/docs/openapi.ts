import { Hono } from 'hono';
import { type DescribeRouteOptions, describeRoute, generateSpecs, resolver } from 'hono-openapi';
import * as z from 'zod';
import { NamespaceId } from '../../model/names';
import { CHAPTERS, type RouteCard } from '../pipeline/route-card';
import { PROBLEM_TABLE } from '../response/error-response';

/**
 * Makes the OpenAPI 3.1 document from the schemas that the routes parse with.
 *
 * This runs when the project is built, and is no part of the Worker: converting all schemas takes longer than the
 * processor time that a request may have on a small plan. What is served is the committed result (`docs/openapi.json`);
 * a test fails when that is old.
 */

type Parameter = NonNullable<DescribeRouteOptions['parameters']>[number];
type JsonSchema = Record<string, unknown>;

/** Drops what every schema of its kind says: that integers are safe ones, and how a format is spelt. */
function tidy({ jsonSchema }: { jsonSchema: JsonSchema }): void {
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
  // Every name is a string; what else it must be, the text says.
  if (jsonSchema.propertyNames !== undefined) delete jsonSchema.propertyNames;
}

/** The side of a schema that a client sees: what goes into a request, and for answers the members that it can count on. */
const described = (schema: z.ZodType) => resolver(schema, { options: { override: tidy } });

const Problem = z
  .object({
    type: z.string().meta({ description: 'A page about this kind of refusal' }),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: 'What was wrong, with which value, and what to do' }),
    code: z.enum(PROBLEM_TABLE.map(({ code }) => code)),
    errors: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'Each member that was wrong' }),
  })
  .meta({ id: 'Problem', description: 'Why a request was refused (RFC 9457)' });

const CURSOR_HEADER = {
  'Rollcall-Cursor': {
    description: 'Position of the namespace that the answer shows',
    schema: { type: 'string' as const },
  },
};

const CONDITION_PARAMETERS: Record<NonNullable<RouteCard['conditional']>, Parameter[]> = {
  read: [
    {
      in: 'header',
      name: 'If-None-Match',
      description:
        'A cursor in double quotes, as an ETag gave it: 304 if nothing in the scope of this read changed since',
      schema: { type: 'string' },
    },
    {
      in: 'header',
      name: 'Prefer',
      description: '`wait=30` with `If-None-Match`: wait so many seconds for a change (RFC 7240); `wait` goes first',
      schema: { type: 'string' },
    },
    {
      in: 'header',
      name: 'Rollcall-Subscriber',
      description: 'What a poller calls itself: coming back with a cursor acknowledges it',
      schema: { type: 'string' },
    },
  ],
  change: [
    {
      in: 'header',
      name: 'If-Match',
      description:
        'A cursor in double quotes: 412 unless the record is unchanged since. `*`: 412 unless there is such a record',
      schema: { type: 'string' },
    },
    {
      in: 'header',
      name: 'If-None-Match',
      description: '`*`: 412 if there is such a record',
      schema: { type: 'string', enum: ['*'] },
    },
  ],
};

/** The members of an object schema as parameters of a path or a query. */
function parametersOf(where: 'path' | 'query', schema: z.ZodObject): Parameter[] {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input', override: tidy });
  return Object.entries(properties).map(([name, property]): Parameter => {
    const { description, example, ...rest } = property as JsonSchema & { description?: string }; // `as`: an object's member is a schema
    const filter = name === 'metadata';
    return {
      in: where,
      name: filter ? 'metadata.<key>' : name,
      ...(where === 'path' || required.includes(name) ? { required: true } : {}),
      ...(filter
        ? { description: 'Value that the entry `<key>` of the metadata must have; one parameter for each key' }
        : {}),
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

function answersOf({ path, answers, scope, conditional }: RouteCard): DescribeRouteOptions['responses'] {
  // What is below a namespace has a position in its past; the directory, which knows of namespaces, has none.
  const cursor = path.includes('/:ns/') ? CURSOR_HEADER : undefined;
  const entries = Object.entries(answers).map(([status, { description, schema, contentType }]) => {
    const content =
      schema !== undefined
        ? { 'application/json': { schema: described(schema) } }
        : contentType !== undefined
          ? { [contentType]: { schema: { type: 'string' as const } } }
          : undefined;
    // What goes on has no position of its own: each of its events has.
    const headers = status === '101' || contentType === 'text/event-stream' ? undefined : cursor;
    return [status, { description, ...(headers && { headers }), ...(content && { content }) }] as const;
  });
  if (conditional === 'read')
    entries.push([
      '304',
      { description: 'Nothing changed since that cursor, nor within the wait', headers: CURSOR_HEADER },
    ]);
  const refused = {
    description: scope === 'open' ? 'The registry is not set up' : 'Refused; `code` says why',
    content: { 'application/problem+json': { schema: described(Problem) } },
  };
  return { ...Object.fromEntries(entries), ...(path === '/health' ? {} : { default: refused }) };
}

const SECURITY_SCHEMES = {
  token: {
    type: 'http',
    scheme: 'bearer',
    description: 'A token, or the root token. One request carries one credential; several are refused.',
  },
  ticket: {
    type: 'apiKey',
    in: 'query',
    name: 'ticket',
    description: 'In the place of a token where no header can be sent: good for one stream or socket, within 30 s',
  },
} as const;

/** OpenAPI has no credential in a path; to it that is another place where the same registry is. */
const SERVERS = [
  { url: '/' },
  {
    url: '/t/{token}',
    description: 'For clients that can send no header: tokens that can only read, and those made for paths',
    variables: { token: { default: '-', description: 'The token' } },
  },
];

/** What lets somebody in at a door, each on its own. */
function securityOf({ scope, door }: RouteCard): NonNullable<DescribeRouteOptions['security']> {
  if (scope === 'open') return [];
  return door === 'stream' || door === 'socket' ? [{ token: [] }, { ticket: [] }] : [{ token: [] }];
}

/** The document, as it is committed and served. */
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
        summary: 'A service registry with no servers to run',
        description:
          'Services register, hold a lease and disappear when it lapses; callers resolve peers. ' +
          'Every answer about a namespace carries its position as `Rollcall-Cursor`.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: SERVERS,
      tags: CHAPTERS.map(({ name, description }) => ({ name, description })),
      components: { securitySchemes: SECURITY_SCHEMES },
    },
  });
  // Through JSON: what is left out there is left out in the committed text, too.
  return JSON.parse(JSON.stringify(document));
}
