import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import {
  CONNECTIONS_WAITING_MAX_COUNT,
  LOG_REFUSALS_PER_SECOND_MAX_COUNT,
  REQUEST_HEADERS_MAX_BYTES,
} from '../../../model/limits';
import { LogGate, type LogLevel } from '../../../model/log';
import { AcceptWatch } from './accept-watch';
import { ConnectionGuard, DEADLINES, type Deadlines } from './connection-guard';
import { LightRequest } from './light-request';
import { useLightResponses } from './light-response';
import { refusal, refusalOfParser, writeToSocket } from './refusals';
import { RequestBody } from './request-body';
import { BadTarget, RequestUrls } from './request-url';
import { answerWithoutUpgrade, Upgrades, wantsWebSocket } from './upgrades';
import { writeAnswer } from './write-answer';

/** Options of {@link listen}. */
export interface ListenerOptions {
  host: string;
  /** 0 for any free port. */
  port: number;
  /** Certificate chain and key in PEM. Default: plain HTTP. */
  tls?: { cert: string; key: string } | undefined;
  /** Answers a request. `addressOf` returns its client's address. */
  answer(request: Request): Promise<Response>;
  /** Maximum number of connections. Further ones are closed unread. Default: as many as the system allows. */
  maxConnections?: number | undefined;
  /** Deadlines for connections. Default: {@link DEADLINES}. */
  deadlines?: Partial<Deadlines> | undefined;
  /** Writes a line of the log. No fact contains text from a client. */
  log(level: LogLevel, message: string, facts?: Record<string, unknown>): void;
}

/** A server that listens. */
export interface Listener {
  readonly port: number;
  /** Number of open connections, WebSockets included. */
  readonly connections: number;
  /**
   * Stops accepting connections, and closes each after the response under way.
   *
   * @param graceMs Time after which the remaining connections are closed.
   */
  close(graceMs: number): Promise<void>;
}

/** Methods that are for proxies, or that a `Request` can't have. */
const UNANSWERED_METHODS = new Set(['CONNECT', 'TRACE', 'TRACK']);

/** A server for connections that others accept, such as a port that is shared by several protocols. */
export interface Acceptor {
  /** Answers a connection. Bytes that were read from it have to be put back before, and it must flow. */
  accept(socket: Socket): void;
  /** As {@link Listener.close}. */
  close(graceMs: number): Promise<void>;
}

/**
 * Answers HTTP and WebSockets on connections that others accept.
 *
 * @param options.scheme Scheme of the URLs of requests, as TLS ends before.
 */
export function acceptor(
  options: Omit<ListenerOptions, 'port' | 'tls' | 'maxConnections'> & { scheme: 'http' | 'https' },
): Acceptor {
  useLightResponses();
  const listener = new HttpListener({ ...options, port: 0 }, options.scheme);
  listener.acceptOnly();
  return listener;
}

/**
 * Listens for HTTP and WebSockets, over `node:http` or `node:https`.
 *
 * The adapter between `node:http` and the app is our own. On Deno 2.9.5, with `wrk -t1 -c32` and a response of 70 bytes, its
 * prototype handled 81,000 requests a second, `@hono/node-server` 2.1.8 54,000, and `node:http` alone 76,000 to 85,000. For a
 * PUT with a small body it was 59,000 to 62,000, 44,000 and 75,000. Node.js 24.21 is similar.
 *
 * @throws {Error} if the system refuses to listen, such as with `EADDRINUSE`.
 */
export async function listen(options: ListenerOptions): Promise<Listener> {
  useLightResponses();
  const listener = new HttpListener(options);
  await listener.open();
  return listener;
}

class HttpListener implements Listener, Acceptor {
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly #guard: ConnectionGuard;
  readonly #upgrades = new Upgrades();
  readonly #urls: RequestUrls;
  readonly #gate = new LogGate(LOG_REFUSALS_PER_SECOND_MAX_COUNT);
  #watch: AcceptWatch | undefined;
  #isClosing = false;

  constructor(options: ListenerOptions, scheme: 'http' | 'https' = options.tls === undefined ? 'http' : 'https') {
    this.#options = options;
    const { tls, host, maxConnections } = options;
    const deadlines = { ...DEADLINES, ...options.deadlines };
    this.#guard = new ConnectionGuard(deadlines);
    this.#urls = new RequestUrls(scheme, host.includes(':') ? `[${host}]` : host);
    // A variable, because the types lack `shouldUpgradeCallback`. Node.js before 24.9 ignores it.
    const limits: ServerOptions & { shouldUpgradeCallback: (message: IncomingMessage) => boolean } = {
      headersTimeout: deadlines.headersMs,
      // The guard has separate deadlines for bodies, since an import may take longer than other requests.
      requestTimeout: 0,
      // The guard closes idle connections: a timer for each response costs a twentieth of a heartbeat.
      keepAliveTimeout: 0,
      connectionsCheckingInterval: deadlines.checkMs,
      maxHeaderSize: REQUEST_HEADERS_MAX_BYTES,
      requireHostHeader: false,
      noDelay: true,
      shouldUpgradeCallback: wantsWebSocket,
    };
    this.#server =
      tls === undefined
        ? createServer(limits)
        : createSecureServer({ ...limits, ...tls, handshakeTimeout: deadlines.handshakeMs });
    if (maxConnections !== undefined) this.#server.maxConnections = maxConnections;
    this.#server.maxHeadersCount = 0;
    this.#server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) =>
      this.#guard.watch(socket),
    );
    this.#server.on('request', (message, response) =>
      this.#orEnd(message.socket, this.#answer(message, response, false)),
    );
    this.#server.on('checkContinue', (message, response) =>
      this.#orEnd(message.socket, this.#answer(message, response, true)),
    );
    this.#server.on('upgrade', (message, socket: Socket, head) =>
      this.#orEnd(socket, this.#upgrade(message, socket, head)),
    );
    this.#server.on('connect', (_, socket) => void writeToSocket(socket, refusal(405, NOT_A_PROXY)));
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => this.#refuse(error.code, socket));
    this.#server.on('drop', () => this.#note('warn', 'a connection was closed: there are too many'));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port; // `as`: it listens on a port, and not on a path
  }

  get connections(): number {
    return this.#guard.connections;
  }

  async open(): Promise<void> {
    const { host, port } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject);
    this.#server.listen({ host, port, backlog: CONNECTIONS_WAITING_MAX_COUNT }, resolve);
    await promise;
    this.#server.off('error', reject);
    this.#server.on('error', (error: NodeJS.ErrnoException) => {
      this.#note('error', 'a connection could not be accepted', { code: error.code });
    });
    if (!('Deno' in globalThis)) return;
    const relistened = () => this.#note('error', 'no connections were being accepted; the server listens again');
    this.#watch = new AcceptWatch(this.#server, host, relistened, this.#guard.deadlines.acceptCheckMs);
  }

  accept(socket: Socket): void {
    this.#server.emit('connection', socket);
  }

  /** Keeps connections open that others accept: Deno ends each after its first response unless the server listens. */
  acceptOnly(): void {
    Object.defineProperty(this.#server, 'listening', { value: true });
  }

  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    this.#watch?.stop();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => {
      this.#guard.destroyAll();
      resolve();
    }, graceMs);
    await promise;
    clearTimeout(timer);
    this.#guard.stop();
  }

  async #answer(message: IncomingMessage, response: ServerResponse, isHeldBack: boolean): Promise<void> {
    this.#guard.answers(message.socket, response);
    const body = new RequestBody(message, response, this.#guard, isHeldBack);
    const url = this.#urls.of(message);
    const answer =
      this.#refusalOf(message, url) ?? (await this.#ask(new LightRequest(message, String(url), response, body)));
    writeAnswer(
      { message, response, body, isLast: this.#isClosing || url instanceof BadTarget, guard: this.#guard },
      answer,
    );
  }

  async #upgrade(message: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    if (!wantsWebSocket(message)) {
      answerWithoutUpgrade(this.#server, message, socket, head);
      return;
    }
    this.#guard.upgraded(socket);
    // Until there is a WebSocket, nothing else handles an error; `close` follows it.
    socket.on('error', () => {});
    const url = this.#urls.of(message);
    const answer = this.#refusalOf(message, url) ?? (await this.#ask(new LightRequest(message, String(url))));
    await this.#upgrades.complete(message, socket, head, answer);
  }

  /** Returns the refusal of a request that the app must not see; undefined if it may. */
  #refusalOf({ method }: IncomingMessage, url: string | BadTarget): Response | undefined {
    if (url instanceof BadTarget) return refusal(400, url.detail);
    return UNANSWERED_METHODS.has(method ?? '') ? refusal(405, NOT_A_PROXY) : undefined;
  }

  async #ask(request: LightRequest): Promise<Response> {
    try {
      return await this.#options.answer(request.asRequest());
    } catch (error) {
      // The app answers its own errors, so this is a bug of the host.
      this.#noteUnanswered(error);
      return refusal(500, 'an unexpected error; see the log of the registry');
    }
  }

  /** Closes a connection whose answer can't be written, such as one with a header value that the server refuses. */
  #orEnd(socket: Socket, answering: Promise<void>): void {
    answering.catch((error: unknown) => {
      this.#noteUnanswered(error);
      socket.destroy();
    });
  }

  #noteUnanswered(error: unknown): void {
    const text = error instanceof Error ? error.stack : String(error);
    this.#note('error', 'a request was not answered', { error: text });
  }

  /** Answers an unreadable request. Only the parser's error code is logged, and none of the request's text. */
  #refuse(code: string | undefined, socket: Socket): void {
    const answer = socket.writable ? refusalOfParser(code) : undefined;
    if (answer === undefined) {
      socket.destroy();
      return;
    }
    this.#note('info', 'a connection was closed: no request could be read', { code });
    // Deno's parser would continue, and report an error for each further chunk.
    socket.removeAllListeners('data').resume();
    void writeToSocket(socket, answer);
  }

  #note(level: LogLevel, message: string, facts: Record<string, unknown> = {}): void {
    const leftOut = this.#gate.admit(Date.now());
    if (leftOut !== undefined) this.#options.log(level, message, leftOut > 0 ? { ...facts, leftOut } : facts);
  }
}

const NOT_A_PROXY = 'this server is not a proxy, and does not answer CONNECT or TRACE';
