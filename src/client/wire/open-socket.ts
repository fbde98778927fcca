import type { ClientOptions, SocketLike, WebSocketConstructor } from './client-options';
import type { RegistryHttp } from './registry-http';
import type { RollcallError } from './rollcall-error';
import type { Time } from './time';

/**
 * Opens sockets. Loaded on demand, and without imports that run, which would split the first load into more files.
 */

const PROTOCOL = 'rollcall.v1';

/** Close code of a connection that broke without one (RFC 6455, 7.4.1). Deno reports 0. */
const BROKEN = 1006;

/** Timeout of opening a socket. */
const OPEN_TIMEOUT_MS = 10_000;

/** Response to an upgrade in Cloudflare's runtime, with its socket. */
type UpgradeAnswer = Response & { webSocket?: (SocketLike & { accept(): void }) | null };

/** A socket, and control over the process in the runtimes that allow it. */
export type OpenSocket = SocketLike & { keepAlive?: (isAwake: boolean) => void };

/** Receives the messages of a socket, and its close. */
export interface SocketListener {
  /** Reports whether the socket keeps the process alive. */
  isAwake(): boolean;
  message(text: string): void;
  /** Called once, after the last message. */
  closed(code: number, reason: string): void;
}

/** Reports whether the runtime opens sockets by `fetch`, as Cloudflare's does; this also works with service bindings. */
const opensByFetch = (): boolean => 'WebSocketPair' in globalThis;

/** An attempt that failed. */
export interface Unopened {
  error: RollcallError;
  /** True if sockets can't reach the registry, although it responds over HTTP. */
  isBlocked: boolean;
}

/**
 * Opens a socket to the namespace.
 *
 * Runtimes hide why a socket did not open, so a request is sent after that. Never rejects.
 *
 * @param subscriber Name in receipts.
 */
export async function openSocket(
  http: RegistryHttp,
  options: ClientOptions,
  time: Time,
  subscriber: string,
  listener: SocketListener,
): Promise<OpenSocket | Unopened> {
  const path = `${http.namespacePath}/socket`;
  try {
    const token = await http.token();
    const url = `${http.url}${path}?subscriber=${encodeURIComponent(subscriber)}`;
    const open = options.WebSocket === undefined && opensByFetch() ? upgraded : constructed;
    return await open({ http, options, time, url, token, listener });
  } catch (failure) {
    const error = await http.failure(failure, 'WebSocket', path, 'did not open');
    const reason = await http.request('GET', '/health').then(
      () => undefined,
      (health: RollcallError) => health,
    );
    // Anything that responds, even another server, shows that the network is not the problem.
    if (reason?.isPassing) return { error: reason, isBlocked: false };
    return { error, isBlocked: true };
  }
}

/** Parameters of an attempt to open a socket. */
interface Attempt {
  http: RegistryHttp;
  options: ClientOptions;
  time: Time;
  url: string;
  token: string | undefined;
  listener: SocketListener;
}

/** Opens a socket by the constructor of the runtime or of the application. */
function constructed({ options, time, url, token, listener }: Attempt): Promise<OpenSocket> {
  // `as`: runtimes type their WebSocket differently, but all of them have the members used here.
  const Constructor = options.WebSocket ?? (WebSocket as unknown as WebSocketConstructor);
  return new Promise((resolve, reject) => {
    const protocols = token === undefined ? [PROTOCOL] : [PROTOCOL, `token.${token}`];
    const connection = connectionOf(url, listener);
    const socket: OpenSocket = new Constructor(url.replace(/^http/i, 'ws'), protocols);
    socket.keepAlive = (isAwake) => keepAlive(socket, connection.found, isAwake);
    let isOpen = false;
    const fail = (code: number, reason: string) => {
      cancel();
      connection.stop();
      if (isOpen) listener.closed(code, reason);
      isOpen = false;
      const why = reason || 'the token was refused, or a proxy does not support WebSockets';
      reject(new Error(`${why} (${code})`));
    };
    const cancel = time.after(OPEN_TIMEOUT_MS, () => {
      fail(BROKEN, `it took longer than ${OPEN_TIMEOUT_MS / 1_000} s`);
      socket.close();
    });
    socket.addEventListener('open', () => {
      cancel();
      connection.stop();
      isOpen = true;
      resolve(socket);
    });
    listen(socket, listener.message, fail);
  });
}

/** Something of Node that can keep the process alive or not. */
interface Refable {
  ref?: () => void;
  unref?: () => void;
}

/** Message of the diagnostics channel `undici:client:sendHeaders`. */
interface SentHeaders {
  request?: { path?: string };
  socket?: Refable;
}

/** The part of `node:diagnostics_channel` that is used. */
interface DiagnosticsChannel {
  subscribe(name: string, act: (message: unknown) => void): void;
  unsubscribe(name: string, act: (message: unknown) => void): void;
}

/**
 * Finds the connection below the next WebSocket to this URL. In Node up to 24, that socket itself can't be prevented from
 * keeping the process alive, but its connection is published on a diagnostics channel of undici.
 */
function connectionOf(url: string, { isAwake }: SocketListener): { found: Refable | undefined; stop: () => void } {
  const channel = 'undici:client:sendHeaders';
  // `as`: only Node and runtimes like it have the function
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } };
  const diagnostics = process?.getBuiltinModule?.('node:diagnostics_channel') as DiagnosticsChannel | undefined; // `as`: as Node documents
  const take = (message: unknown) => {
    const { request, socket } = message as SentHeaders; // `as`: as undici documents
    // The path has the name of this subscriber.
    if (!request?.path || !url.endsWith(request.path)) return;
    connection.found = socket;
    if (!isAwake()) socket?.unref?.();
  };
  const connection = {
    found: undefined as Refable | undefined, // `as`: it is found later
    stop: () => diagnostics?.unsubscribe(channel, take),
  };
  diagnostics?.subscribe(channel, take);
  return connection;
}

/** Lets a socket keep the process alive, or not. */
function keepAlive(socket: object, connection: Refable | undefined, isAwake: boolean): void {
  const method = isAwake ? 'ref' : 'unref';
  // `as`: newer Nodes have methods with these symbols; the package `ws` has the member `_socket`.
  const known = socket as { _socket?: Refable; [symbol: symbol]: (() => void) | undefined };
  const own = known[Symbol.for(`nodejs.${method}`)];
  if (own !== undefined) own.call(socket);
  else (connection ?? known._socket)?.[method]?.();
}

/** Opens a socket by `fetch`, in Cloudflare's runtime. */
async function upgraded({ http, url, token, listener }: Attempt): Promise<SocketLike> {
  const answer: UpgradeAnswer = await http.fetch(url, {
    headers: {
      Upgrade: 'websocket',
      'Sec-WebSocket-Protocol': PROTOCOL,
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    },
  });
  const socket = answer.webSocket;
  if (!socket) throw answer;
  listen(socket, listener.message, listener.closed);
  socket.accept();
  return socket;
}

/** Adds the listeners of a socket. A broken connection fires `error`, `close`, or both. */
function listen(socket: SocketLike, message: SocketListener['message'], closed: SocketListener['closed']): void {
  let isOver = false;
  const end = (code: number, reason: string) => {
    if (isOver) return;
    isOver = true;
    closed(code, reason);
  };
  socket.addEventListener('message', ({ data }) => {
    if (!isOver && typeof data === 'string') message(data);
  });
  socket.addEventListener('close', ({ code, reason = '' }) => end(code || BROKEN, reason));
  // Most runtimes fire `close` next, with its code; the timer covers those that don't.
  socket.addEventListener('error', () => setTimeout(() => end(BROKEN, ''), 0));
}
