import * as z from 'zod';
import { authorize, authorizeAny, authorizeServices } from '../../auth/authorize';
import { RegistryError } from '../../model/errors';
import { ServiceRef, SOCKET_PROTOCOL, type WatchScope } from '../../model/frames';
import type { Principal } from '../../model/grant';
import type { KeyInterval } from '../../model/key-interval';
import { keysInQuery } from '../../model/key-scope';
import { EVENT_STREAM_MAX_MS, WATCH_SCOPE_NAMES_MAX_COUNT } from '../../model/limits';
import { StoredGroupName } from '../../model/names';
import { CursorText, FlagParameter } from '../../model/query-values';
import { Acknowledgement, SubscriberId, SubscriberList, SubscriberListQuery } from '../../model/subscriber';
import { route } from '../pipeline/route';
import type { RouteCall } from '../pipeline/route-call';
import type { Surface } from '../pipeline/surface';
import { invalid, parsed } from '../request/field-errors';
import { SUBSCRIBER_HEADER, subscriberName } from '../request/headers';
import { answered, COMMON_HEADERS, removed } from '../response/answers';
import { EventStream } from '../watch/event-stream';
import { NAMESPACE_PATH, SERVICE_PATH, ServiceNames } from './paths';

const SubscriberQuery = SubscriberId.optional().meta({
  description: 'Name of the subscriber, if it cannot send the header; the header takes precedence',
});

/** Only documented here: authentication reads and checks it. */
const TicketQuery = z.string().optional().meta({
  description: 'A ticket that replaces the token if no header can be sent; valid for one stream or socket',
});

const SocketQuery = z.strictObject({ subscriber: SubscriberQuery, ticket: TicketQuery });

const keyTexts = (description: string) => z.array(z.string()).default([]).meta({ description });

const WatchQuery = z.strictObject({
  group: z
    .array(StoredGroupName)
    .max(WATCH_SCOPE_NAMES_MAX_COUNT)
    .default([])
    .meta({ description: 'All services of this group; may be repeated' }),
  service: z
    .array(ServiceRef)
    .max(WATCH_SCOPE_NAMES_MAX_COUNT)
    .default([])
    .meta({ description: '`orders` in the default group, or `group@@orders`; may be repeated' }),
  key: keyTexts('The entry with this key; may be repeated'),
  prefix: keyTexts('All entries whose keys begin with this, every entry if it is empty; may be repeated'),
  from: keyTexts('All entries from this key on, up to, but not including, `to`; may be repeated'),
  to: keyTexts('As many as `from`, in the same order; an empty one is after the last key'),
  base64: FlagParameter.meta({ description: 'Keys and prefixes in this query are base64url of their bytes' }),
  cursor: CursorText.optional().meta({ description: 'Resume from this cursor instead of starting with a snapshot' }),
  observer: FlagParameter.meta({ description: 'No drain waits for this stream: for readers that call no instances' }),
  counts: FlagParameter.meta({ description: 'Events of changes have the counts of their services' }),
  previous: FlagParameter.meta({ description: 'Changes of entries have the entry before them' }),
  subscriber: SubscriberQuery,
  ticket: TicketQuery,
});
type WatchQuery = z.output<typeof WatchQuery>;

const LastEventId = z.object({ 'Last-Event-ID': CursorText });

/** Returns the cursor to resume from. A reconnecting browser sends the last id it saw, which is newer than its URL. */
function cursorOf({ cursor }: WatchQuery, headers: Headers): string | undefined {
  const id = headers.get('last-event-id');
  return id === null || id === '' ? cursor : parsed(LastEventId, { 'Last-Event-ID': id }, 'headers')['Last-Event-ID'];
}

/** Returns the subscriber's name, and the response headers that announce it if the registry generated it. */
function named(query: { subscriber?: string | undefined }, call: RouteCall) {
  const own = subscriberName(call.request.headers) ?? query.subscriber;
  const subscriber = own ?? crypto.randomUUID();
  const headers: Record<string, string> = own === undefined ? { [SUBSCRIBER_HEADER]: subscriber } : {};
  return { subscriber, headers };
}

/** Returns the scopes of keys that a query names, as a frame would have them, by the parameters that they are from. */
function namedKeys({ key, prefix, from, to }: WatchQuery): { path: string; scope: Record<string, string> }[] {
  const intervals = Array.from({ length: Math.max(from.length, to.length) }, (_, index) => {
    const [begin, end = ''] = [from[index], to[index]];
    const path = begin === undefined ? `to.${index}` : `from.${index}`;
    return { path, scope: { from: begin ?? '', ...(end !== '' && { to: end }) } };
  });
  return [
    ...key.map((text, index) => ({ path: `key.${index}`, scope: { key: text } })),
    ...prefix.map((text, index) => ({ path: `prefix.${index}`, scope: { prefix: text } })),
    ...intervals,
  ];
}

/**
 * Returns the keys in a query; undefined if it has none.
 *
 * @throws {RegistryError} `INVALID_REQUEST`.
 */
function keysOf(query: WatchQuery): KeyInterval[] | undefined {
  const { from, to } = query;
  if (from.length !== to.length && Math.max(from.length, to.length) > 1) {
    const message = `there are ${from.length} \`from\` and ${to.length} \`to\`; give each \`from\` its \`to\`, empty for all keys after it`;
    throw invalid('query', [{ path: 'to', message }]);
  }
  const named = namedKeys(query);
  if (named.length === 0) return undefined;
  if (named.length > WATCH_SCOPE_NAMES_MAX_COUNT) {
    const message = `a watch has at most ${WATCH_SCOPE_NAMES_MAX_COUNT} keys, prefixes and intervals; ${named.length} are given`;
    throw invalid('query', [{ path: named.at(-1)?.path ?? '', message }]);
  }
  return named.map(({ path, scope }) => {
    const { keys, issues } = keysInQuery({ ...scope, base64: query.base64 });
    if (keys !== undefined) return keys;
    throw invalid('query', [{ path, message: issues[0]?.message ?? 'must be a key' }]);
  });
}

/** Returns the scope of a query. */
function scopeOf(query: WatchQuery): WatchScope {
  return { groups: query.group, services: query.service, keys: keysOf(query) };
}

/** Checks that the caller may read everything it names; nothing is left out silently. */
function authorizeWatch(principal: Principal, namespace: string, query: WatchQuery): void {
  const { groups, services, keys = [] } = scopeOf(query);
  if (groups.length === 0 && services.length === 0 && keys.length === 0) authorize(principal, 'read', { namespace });
  for (const group of groups) authorize(principal, 'read', { namespace, group });
  for (const each of keys) authorize(principal, 'read', { namespace, keys: each });
  authorizeServices(principal, 'read', namespace, services);
}

/** Headers that keep proxies from caching, compressing or buffering an event stream. */
const STREAM_HEADERS = {
  ...COMMON_HEADERS,
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
};

async function openStream(query: WatchQuery, call: RouteCall): Promise<Response> {
  const { subscriber, headers: name } = named(query, call);
  const { request, surroundings, caller } = call;
  const cursor = cursorOf(query, request.headers);
  const headers = { ...STREAM_HEADERS, ...name };
  // A response to HEAD has no body.
  if (request.method === 'HEAD') return new Response(null, { headers });
  const leave = surroundings.waits.enter({ tokenId: caller.tokenId, subscriber }, EVENT_STREAM_MAX_MS);
  const pipe = surroundings.openPipe();
  const { observer, counts, previous } = query;
  const stream = new EventStream(pipe, leave);
  await stream.open({
    sockets: call.sockets,
    purpose: call.purpose('stream', subscriber),
    watch: { scope: scopeOf(query), cursor, observer, counts, previous },
    gone: request.signal,
  });
  return new Response(pipe.readable, { headers });
}

function offeredProtocols(headers: Headers): string[] {
  return (headers.get('sec-websocket-protocol') ?? '').split(',').map((name) => name.trim());
}

/**
 * Refuses requests that don't open a WebSocket with our subprotocol.
 *
 * @throws {RegistryError} `UPGRADE_REQUIRED`, `INVALID_REQUEST`.
 */
export function assertSocketUpgrade({ method, headers }: Pick<Request, 'method' | 'headers'>): void {
  // Only GET opens one (RFC 6455, 4.1). GET's route also serves HEAD; a socket in a response to HEAD is an error in workerd.
  if (method !== 'GET' || headers.get('upgrade')?.toLowerCase() !== 'websocket') {
    throw new RegistryError(
      'UPGRADE_REQUIRED',
      `this is a WebSocket endpoint: connect with a WebSocket client and the subprotocol ${SOCKET_PROTOCOL}; for plain HTTP use the event stream at …/watch`,
    );
  }
  if (offeredProtocols(headers).includes(SOCKET_PROTOCOL)) return;
  throw invalid('headers', [
    { path: 'Sec-WebSocket-Protocol', message: `must offer ${SOCKET_PROTOCOL}, the only supported protocol` },
  ]);
}

/** Adds the routes for watching: the event stream, and the socket, which carries all other operations, too. */
export function addWatchRoutes(surface: Surface): void {
  route(surface, {
    operation: 'watch',
    method: 'get',
    path: `${NAMESPACE_PATH}/watch`,
    scope: 'read',
    authorize: (principal, namespace, { query }) => authorizeWatch(principal, namespace, query),
    door: 'stream',
    chapter: 'Watching',
    summary: 'Watch services and entries as an event stream',
    description:
      'Sends a snapshot, then every change; the `id` of each event is its cursor. ' +
      'Without a service, a group or keys it covers all services of the namespace, and no entries. ' +
      'The stream ends after ten minutes, or when the connection breaks: reconnect with the last id as ' +
      '`Last-Event-ID`, as browsers do, and no change is missed. docs/watch.md describes the events.',
    input: { query: WatchQuery },
    headers: [
      { name: 'Last-Event-ID', description: 'Resume from this cursor; takes precedence over `cursor`' },
      { name: SUBSCRIBER_HEADER, description: 'Name of the subscriber in receipts; generated if absent' },
    ],
    answers: { 200: { description: 'Events, until the stream ends', contentType: 'text/event-stream' } },
    call: (_, { query }, call) => openStream(query, call),
    map: (response) => response,
  });

  route(surface, {
    operation: 'openSocket',
    method: 'get',
    path: `${NAMESPACE_PATH}/socket`,
    // Each frame is authorized separately.
    scope: 'any',
    door: 'socket',
    chapter: 'Watching',
    summary: 'Open a WebSocket: sessions, batches, watches and resolving on one connection',
    description:
      `Offer the subprotocol \`${SOCKET_PROTOCOL}\`. A browser, which cannot send headers, also offers ` +
      '`token.<token>` or `ticket.<ticket>`. docs/watch.md describes the frames; each is authorized separately.',
    input: { query: SocketQuery },
    headers: [
      { name: 'Upgrade', description: '`websocket`' },
      {
        name: 'Sec-WebSocket-Protocol',
        description: `\`${SOCKET_PROTOCOL}\`, and \`token.<token>\` or \`ticket.<ticket>\` if needed`,
      },
      { name: SUBSCRIBER_HEADER, description: 'Name of the subscriber in receipts; generated if absent' },
    ],
    answers: { 101: { description: 'The socket is open' } },
    call: async (_, { query }, call) => {
      assertSocketUpgrade(call.request);
      const { subscriber, headers } = named(query, call);
      return call.sockets.pass(call.purpose('socket', subscriber), {
        'Sec-WebSocket-Protocol': SOCKET_PROTOCOL,
        ...headers,
      });
    },
    map: (response) => response,
  });
}

/** Adds the routes of subscribers: the list of them, and acknowledgements. */
export function addSubscriberRoutes(surface: Surface): void {
  route(surface, {
    operation: 'acknowledge',
    method: 'post',
    path: `${NAMESPACE_PATH}/subscribers/:id/ack`,
    scope: 'read',
    // An acknowledgement reveals nothing, so permission to read anything in the namespace is enough.
    authorize: (principal, namespace) => authorizeAny(principal, namespace, 'read'),
    chapter: 'Watching',
    summary: 'Acknowledge the events of an event stream',
    description:
      'Confirms that the subscriber has applied everything up to the cursor; a drain that waits for it continues. ' +
      'A socket sends an `ack` frame instead; a poller acknowledges with its next request.',
    input: { path: z.strictObject({ id: SubscriberId }), body: Acknowledgement },
    answers: { 204: { description: 'Recorded' } },
    example: { cursor: 'cFsc6Inzkpo4p.3.1g4b9y3' },
    call: (namespace, { path, body }, call) =>
      namespace.acknowledge({ subscriber: path.id, cursor: body.cursor, tokenId: call.tokenId }),
    map: removed,
  });

  route(surface, {
    operation: 'listSubscribers',
    method: 'get',
    path: `${SERVICE_PATH}/subscribers`,
    scope: 'read',
    chapter: 'Watching',
    summary: 'List the subscribers of a service and the cursor that each has acknowledged',
    description:
      'Sockets, event streams, and pollers that send a name. A drain waits for exactly these, except for observers. ' +
      '`blind`, `unknown` and `safeAfterMs` cover the readers that cannot acknowledge, as in the response to a drain.',
    input: { path: ServiceNames, query: SubscriberListQuery },
    answers: { 200: { description: 'Subscribers, sorted by id', schema: SubscriberList } },
    call: (namespace, { path, query }, call) =>
      namespace.listSubscribers({ ...path, after: query.after, tokenId: call.tokenId }),
    map: answered,
  });
}
