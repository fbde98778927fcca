import { Agent, type IncomingMessage, request as plainRequest, type ServerResponse } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { withoutBrackets } from '../../model/address';

/** Headers of one connection, which a proxy does not pass on. */
const HOP_HEADERS = new Set([
  'connection',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Time after which an idle connection to the registry is closed. Registries and proxies before them keep them longer. */
const IDLE_CONNECTION_MS = 15_000;

/** An HTTP API that a gateway passes on. */
export interface ForwardedDoor {
  /** Returns the path at the registry for the target of a request; undefined if it is not of this API. */
  path(target: string): string | undefined;
  /** Answer to a request that is not of this API. */
  readonly unknown: string;
  /** Answer while the registry is away. */
  readonly away: { readonly status: number; readonly text: string; readonly type: string };
  /** Headers that only the gateway sets, in lower case. */
  readonly ownHeaders: readonly string[];
  /** Returns headers that the gateway adds, names and values in turn. */
  headers(message: IncomingMessage): string[];
  /** Reports whether a request has a token of its own. */
  hasToken(message: Pick<IncomingMessage, 'headers' | 'url'>): boolean;
}

/** Parameters of {@link Forwarder}. */
export interface ForwarderOptions {
  /** URL of the registry, without a slash at the end. */
  url: string;
  door: ForwardedDoor;
  /** Token for requests without one; undefined: they have none. */
  defaultToken: string | undefined;
}

/** Matches a segment that a URL parser resolves, which could lead out of the namespace. */
const DOT_SEGMENT = /(?:^|[/\\])(?:\.|%2e){1,2}(?:[/\\]|$)/i;

/**
 * Splits the target of a request, in the form that leads to the same place for every parser of URLs.
 *
 * @returns The path with one slash at its start, and the query with its question mark; undefined if a segment leads elsewhere.
 */
export function targetParts(target: string): { path: string; query: string } | undefined {
  const [path = '', ...query] = target.split('?');
  const short = path.replace(/^\/+/, '/');
  if (DOT_SEGMENT.test(short)) return undefined;
  // A parser of URLs takes a backslash for a slash, and ends the path at a hash.
  const safe = short.replaceAll('\\', '%5C').replaceAll('#', '%23');
  return { path: safe, query: query.length === 0 ? '' : `?${query.join('?').replaceAll('#', '%23')}` };
}

/**
 * Passes requests of an HTTP API on to the registry, and the responses back, both as streams. A client that leaves ends its
 * request there, so that no blocking query or watch goes on without a reader.
 */
export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #agent: Agent;
  readonly #isSecure: boolean;

  constructor(options: ForwarderOptions) {
    this.#options = options;
    this.#isSecure = options.url.startsWith('https:');
    // Blocking queries hold many connections for long.
    const settings = { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, timeout: IDLE_CONNECTION_MS };
    this.#agent = this.#isSecure ? new SecureAgent(settings) : new Agent(settings);
  }

  /** Answers a request. */
  handle(message: IncomingMessage, response: ServerResponse): void {
    const { door } = this.#options;
    const path = door.path(message.url ?? '/');
    if (path === undefined) {
      message.resume();
      answer(response, { status: 404, text: door.unknown, type: PLAIN_TEXT });
      return;
    }
    this.#forward(message, response, path, this.#agent);
  }

  /** Answers a request that came over HTTP/2. @param address Address of its client. */
  async answer(request: Request, address: string): Promise<Response> {
    const { url, door, defaultToken } = this.#options;
    const { pathname, search } = new URL(request.url);
    const path = door.path(pathname + search);
    if (path === undefined) return new Response(door.unknown, { status: 404, headers: { 'content-type': PLAIN_TEXT } });
    const headers = new Headers([...request.headers].filter(([name]) => !HOP_HEADERS.has(name)));
    headers.set('x-forwarded-for', address);
    const isKnown = door.hasToken({ headers: Object.fromEntries(request.headers), url: pathname + search });
    if (defaultToken !== undefined && !isKnown) headers.set('authorization', `Bearer ${defaultToken}`);
    const body = request.body === null ? undefined : await request.arrayBuffer();
    try {
      return await fetch(`${url}${path}`, {
        method: request.method,
        headers,
        signal: request.signal,
        ...(body && { body }),
      });
    } catch {
      const { status, text, type } = door.away;
      return new Response(text, { status, headers: { 'content-type': type } });
    }
  }

  /** @param agent False: over a connection of its own. */
  #forward(message: IncomingMessage, response: ServerResponse, path: string, agent: Agent | false): void {
    const { hostname, port, protocol } = new URL(this.#options.url);
    const upstream = (this.#isSecure ? secureRequest : plainRequest)({
      protocol,
      host: withoutBrackets(hostname),
      port,
      path,
      method: message.method,
      headers: this.#headersOf(message),
      agent,
    });
    upstream.on('response', (found) => passBack(found, response, this.#options.door));
    upstream.on('error', () => {
      // The registry may have closed the idle connection just before. A read can be repeated.
      if (upstream.reusedSocket && message.method === 'GET' && !response.headersSent && !response.destroyed) {
        this.#forward(message, response, path, false);
      } else if (!response.headersSent) answer(response, this.#options.door.away);
      else response.destroy();
    });
    response.on('close', () => upstream.destroy());
    message.on('error', () => upstream.destroy());
    message.pipe(upstream);
  }

  close(): void {
    this.#agent.destroy();
  }

  #headersOf(message: IncomingMessage): string[] {
    const { defaultToken, door, url } = this.#options;
    const headers = ['host', new URL(url).host, ...kept(message.rawHeaders, door), ...door.headers(message)];
    const { remoteAddress } = message.socket;
    if (remoteAddress !== undefined) headers.push('x-forwarded-for', remoteAddress);
    if (defaultToken !== undefined && !door.hasToken(message)) headers.push('authorization', `Bearer ${defaultToken}`);
    // A body without a length stays one.
    if (message.headers['transfer-encoding'] !== undefined) headers.push('transfer-encoding', 'chunked');
    return headers;
  }
}

/** Returns raw headers without those of the connection, and without those that only the gateway sets. */
function kept(raw: readonly string[], { ownHeaders }: ForwardedDoor): string[] {
  const named = new Set([...HOP_HEADERS, ...ownHeaders]);
  for (let index = 0; index < raw.length; index += 2) {
    if (raw[index]?.toLowerCase() !== 'connection') continue;
    for (const name of (raw[index + 1] ?? '').split(',')) named.add(name.trim().toLowerCase());
  }
  const headers: string[] = [];
  for (let index = 0; index < raw.length; index += 2) {
    const [name = '', value = ''] = raw.slice(index, index + 2);
    if (!named.has(name.toLowerCase())) headers.push(name, value);
  }
  return headers;
}

function passBack(found: IncomingMessage, response: ServerResponse, door: ForwardedDoor): void {
  response.writeHead(found.statusCode ?? 500, found.statusMessage, kept(found.rawHeaders, door));
  // Clients of blocking queries wait for the headers.
  response.flushHeaders();
  found.on('error', () => response.destroy());
  found.pipe(response);
}

const PLAIN_TEXT = 'text/plain; charset=utf-8';

function answer(response: ServerResponse, { status, text, type }: ForwardedDoor['away']): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(text);
}
