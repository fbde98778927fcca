import * as z from 'zod';
import { authorize, authorizeAny, authorizeServices } from '../../auth/authorize';
import { RegistryError } from '../../model/errors';
import { ServiceRef, SOCKET_PROTOCOL, type WatchScope } from '../../model/frames';
import type { Principal } from '../../model/grant';
import { EVENT_STREAM_MAX_MS, WATCH_SCOPE_NAMES_MAX_COUNT } from '../../model/limits';
import { StoredGroupName } from '../../model/names';
import { CursorText } from '../../model/query-values';
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
  description: 'What the subscriber calls itself, where it can not send the header; the header goes first',
});

/** Read where the caller is let in; what is wrong with it is told there. */
const TicketQuery = z.string().optional().meta({
  description: 'A ticket, in the place of a token, where no header can be sent: good for one stream or socket',
});

const SocketQuery = z.strictObject({ subscriber: SubscriberQuery, ticket: TicketQuery });

const WatchQuery = z.strictObject({
  group: z
    .array(StoredGroupName)
    .max(WATCH_SCOPE_NAMES_MAX_COUNT)
    .default([])
    .meta({ description: 'All services of this group; may come many times' }),
  service: z
    .array(ServiceRef)
    .max(WATCH_SCOPE_NAMES_MAX_COUNT)
    .default([])
    .meta({ description: '`orders` in the default group, or `group@@orders`; may come many times' }),
  cursor: CursorText.optional().meta({ description: 'Go on from here, instead of a snapshot first' }),
  subscriber: SubscriberQuery,
  ticket: TicketQuery,
});
type WatchQuery = z.output<typeof WatchQuery>;

const LastEventId = z.object({ 'Last-Event-ID': CursorText });

/** Where a stream goes on from. A browser that comes back sends the last id it saw, which is newer than its address. */
function cursorOf({ cursor }: WatchQuery, headers: Headers): string | undefined {
  const id = headers.get('last-event-id');
  return id === null || id === '' ? cursor : parsed(LastEventId, { 'Last-Event-ID': id }, 'headers')['Last-Event-ID'];
}

/** The name of a subscriber, and the headers of an answer that tells it: one that it gave itself it knows. */
function named(query: { subscriber?: string | undefined }, call: RouteCall) {
  const own = subscriberName(call.request.headers) ?? query.subscriber;
  const subscriber = own ?? crypto.randomUUID();
  const headers: Record<string, string> = own === undefined ? { [SUBSCRIBER_HEADER]: subscriber } : {};
  return { subscriber, headers };
}

/** Everything that is named has to be allowed: nothing is left out in silence. */
function authorizeWatch(
  principal: Principal,
  namespace: string,
  { group: groups, service: services }: WatchQuery,
): void {
  if (groups.length === 0 && services.length === 0) authorize(principal, 'read', { namespace });
  for (const group of groups) authorize(principal, 'read', { namespace, group });
  authorizeServices(principal, 'read', namespace, services);
}

/** What a proxy must not do with an event stream: keep it, compress it, or hold it back until it is long enough. */
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
  // Nobody reads the body of an answer to HEAD.
  if (request.method === 'HEAD') return new Response(null, { headers });
  const leave = surroundings.waits.enter({ tokenId: caller.tokenId, subscriber }, EVENT_STREAM_MAX_MS);
  const pipe = surroundings.openPipe();
  const scope: WatchScope = { groups: query.group, services: query.service };
  const stream = new EventStream(pipe, leave);
  await stream.open({
    sockets: call.sockets,
    purpose: call.purpose('stream', subscriber),
    scope,
    cursor,
    gone: request.signal,
  });
  return new Response(pipe.readable, { headers });
}

function offeredProtocols(headers: Headers): string[] {
  return (headers.get('sec-websocket-protocol') ?? '').split(',').map((name) => name.trim());
}

/**
 * Refuses whatever is no WebSocket that speaks our subprotocol.
 *
 * @throws {RegistryError} `UPGRADE_REQUIRED`, `INVALID_REQUEST`.
 */
export function assertSocketUpgrade({ method, headers }: Pick<Request, 'method' | 'headers'>): void {
  // Only GET opens one (RFC 6455, 4.1); a socket in an answer to HEAD, which GET's route answers too, is an error in workerd.
  if (method !== 'GET' || headers.get('upgrade')?.toLowerCase() !== 'websocket') {
    throw new RegistryError(
      'UPGRADE_REQUIRED',
      `this is a WebSocket: connect to it as one, with the subprotocol ${SOCKET_PROTOCOL}; for plain HTTP there is the event stream at …/watch`,
    );
  }
  if (offeredProtocols(headers).includes(SOCKET_PROTOCOL)) return;
  throw invalid('headers', [
    { path: 'Sec-WebSocket-Protocol', message: `must offer ${SOCKET_PROTOCOL}, the only protocol spoken here` },
  ]);
}

/** Being told of changes as they happen: over an event stream, or over a socket on which everything else goes, too. */
export function addWatchRoutes(surface: Surface): void {
  route(surface, {
    operation: 'watch',
    method: 'get',
    path: `${NAMESPACE_PATH}/watch`,
    scope: 'read',
    authorize: (principal, namespace, { query }) => authorizeWatch(principal, namespace, query),
    door: 'stream',
    chapter: 'Watching',
    summary: 'Watch services as an event stream',
    description:
      'A snapshot first, then every change, each event with its cursor as `id`. ' +
      'Without `group` and `service` it is about the whole namespace. ' +
      'The stream ends after ten minutes, or when it breaks: come back with the last id as `Last-Event-ID`, as a ' +
      'browser does by itself, and nothing is missed. docs/watch.md describes the events.',
    input: { query: WatchQuery },
    headers: [
      { name: 'Last-Event-ID', description: 'Go on from here; goes before `cursor`' },
      { name: SUBSCRIBER_HEADER, description: 'What the subscriber calls itself in receipts; one is given otherwise' },
    ],
    answers: { 200: { description: 'Events, until the stream ends', contentType: 'text/event-stream' } },
    call: (_, { query }, call) => openStream(query, call),
    map: (response) => response,
  });

  route(surface, {
    operation: 'openSocket',
    method: 'get',
    path: `${NAMESPACE_PATH}/socket`,
    // Each frame is authorized for what it asks.
    scope: 'any',
    door: 'socket',
    chapter: 'Watching',
    summary: 'Open a WebSocket: sessions, batches, watches and resolving on one connection',
    description:
      `Offer the subprotocol \`${SOCKET_PROTOCOL}\`. A browser, which can not send headers, offers \`token.<token>\` or ` +
      '`ticket.<ticket>` beside it. docs/watch.md describes the frames, each of which is authorized on its own.',
    input: { query: SocketQuery },
    headers: [
      { name: 'Upgrade', description: '`websocket`' },
      {
        name: 'Sec-WebSocket-Protocol',
        description: `\`${SOCKET_PROTOCOL}\`, and \`token.<token>\` or \`ticket.<ticket>\` where needed`,
      },
      { name: SUBSCRIBER_HEADER, description: 'What the subscriber calls itself in receipts; one is given otherwise' },
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

/** Who is told of changes, and what they have told of it. */
export function addSubscriberRoutes(surface: Surface): void {
  route(surface, {
    operation: 'acknowledge',
    method: 'post',
    path: `${NAMESPACE_PATH}/subscribers/:id/ack`,
    scope: 'read',
    // It tells what the subscriber has seen, and shows nothing: whoever may watch anything may tell.
    authorize: (principal, namespace) => authorizeAny(principal, namespace, 'read'),
    chapter: 'Watching',
    summary: 'Acknowledge what an event stream has told',
    description:
      'Tells that the subscriber acts by everything up to the cursor: a drain that waits for it goes on. ' +
      'A socket sends an `ack` frame instead, and a poller acknowledges by coming back.',
    input: { path: z.strictObject({ id: SubscriberId }), body: Acknowledgement },
    answers: { 204: { description: 'It is noted' } },
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
    summary: 'List who watches a service, and how far each is',
    description: 'Sockets, event streams, and pollers that name themselves. A drain waits for exactly these.',
    input: { path: ServiceNames, query: SubscriberListQuery },
    answers: { 200: { description: 'In the order of their ids', schema: SubscriberList } },
    call: (namespace, { path, query }, call) =>
      namespace.listSubscribers({ ...path, after: query.after, tokenId: call.tokenId }),
    map: answered,
  });
}
