import { Agent, type IncomingMessage, request as plainRequest, type ServerResponse } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { RUNNER_HEADER } from '../../codecs/consul/check-headers';
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

/** Matches a segment that a URL parser resolves, which could lead out of the namespace. */
const DOT_SEGMENT = /(?:^|[/\\])(?:\.|%2e){1,2}(?:[/\\]|$)/i;

/** Matches requests with the result of a check. */
const REPORT = /\/v1\/agent\/check\/(?:pass|warn|fail|update)\//;

/** Time after which an idle connection to the registry is closed. Registries and proxies before them keep them longer. */
const IDLE_CONNECTION_MS = 15_000;

/** Text of an agent of Consul that has lost its servers. Clients wait and try again. */
const NO_LEADER = 'No cluster leader';

/** Parameters of {@link Forwarder}. */
export interface ForwarderOptions {
  /** URL of the registry, without a slash at the end. */
  url: string;
  namespace: string;
  /** Node whose agent the gateway is; undefined: the default node of the namespace. */
  node: string | undefined;
  /** Name of the runner of the checks that clients register. */
  runner: string;
  /** Token for requests without one; undefined: they have none. */
  defaultToken: string | undefined;
}

/** Returns the path of a request at the registry; undefined if it is not of Consul's API. */
export function forwardedPath(
  target: string,
  { namespace, node }: Pick<ForwarderOptions, 'namespace' | 'node'>,
): string | undefined {
  const [path = '', ...query] = target.split('?');
  const short = path.replace(/^\/+/, '/');
  if (!/^\/(?:v1|node\/[^/]+\/+v1)(?:\/|$)/.test(short) || DOT_SEGMENT.test(short)) return undefined;
  const agent = node === undefined || short.startsWith('/node/') ? '' : `/node/${encodeURIComponent(node)}`;
  // A parser of URLs takes a backslash for a slash, and ends the path at a hash.
  const safe = short.replaceAll('\\', '%5C').replaceAll('#', '%23');
  const search = query.length === 0 ? '' : `?${query.join('?').replaceAll('#', '%23')}`;
  return `/n/${encodeURIComponent(namespace)}${agent}${safe}${search}`;
}

/** Reports whether a request has a token of its own, in any of the places where clients of Consul send one. */
export function hasToken({ headers, url = '' }: Pick<IncomingMessage, 'headers' | 'url'>): boolean {
  if (headers.authorization !== undefined || headers['x-consul-token'] !== undefined) return true;
  const mark = url.indexOf('?');
  return mark >= 0 && new URLSearchParams(url.slice(mark)).has('token');
}

/**
 * Passes requests of Consul's API on to the registry, and the responses back, both as streams. A client that leaves ends its
 * request there, so that no blocking query goes on without a reader.
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
    const path = forwardedPath(message.url ?? '/', this.#options);
    if (path === undefined) {
      message.resume();
      answer(response, 404, 'There is only the HTTP API of Consul here, at /v1');
      return;
    }
    this.#forward(message, response, path, this.#agent);
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
    upstream.on('response', (found) => passBack(found, response));
    upstream.on('error', () => {
      // The registry may have closed the idle connection just before. A read can be repeated.
      if (upstream.reusedSocket && message.method === 'GET' && !response.headersSent && !response.destroyed) {
        this.#forward(message, response, path, false);
      } else if (!response.headersSent) answer(response, 500, NO_LEADER);
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
    const { defaultToken, runner, url } = this.#options;
    const headers = ['host', new URL(url).host, ...kept(message.rawHeaders)];
    // The result of a check that a program runs is not for clients to report.
    if (!REPORT.test(message.url ?? '')) headers.push(RUNNER_HEADER, runner);
    const { remoteAddress } = message.socket;
    if (remoteAddress !== undefined) headers.push('x-forwarded-for', remoteAddress);
    if (defaultToken !== undefined && !hasToken(message)) headers.push('authorization', `Bearer ${defaultToken}`);
    // A body without a length stays one.
    if (message.headers['transfer-encoding'] !== undefined) headers.push('transfer-encoding', 'chunked');
    return headers;
  }
}

/** Returns raw headers without those of the connection, and without those that only the gateway sets. */
function kept(raw: readonly string[]): string[] {
  const named = new Set(HOP_HEADERS).add(RUNNER_HEADER);
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

function passBack(found: IncomingMessage, response: ServerResponse): void {
  response.writeHead(found.statusCode ?? 500, found.statusMessage, kept(found.rawHeaders));
  // Clients of blocking queries wait for the headers.
  response.flushHeaders();
  found.on('error', () => response.destroy());
  found.pipe(response);
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
  response.end(text);
}
