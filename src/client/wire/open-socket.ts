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

/** Receives the messages of a socket, and its close. */
export interface SocketListener {
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
): Promise<SocketLike | Unopened> {
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
function constructed({ options, time, url, token, listener }: Attempt): Promise<SocketLike> {
  // `as`: runtimes type their WebSocket differently, but all of them have the members used here.
  const Constructor = options.WebSocket ?? (WebSocket as unknown as WebSocketConstructor);
  return new Promise((resolve, reject) => {
    const protocols = token === undefined ? [PROTOCOL] : [PROTOCOL, `token.${token}`];
    const socket: SocketLike = new Constructor(url.replace(/^http/i, 'ws'), protocols);
    let isOpen = false;
    const fail = (code: number, reason: string) => {
      cancel();
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
      isOpen = true;
      resolve(socket);
    });
    listen(socket, { message: listener.message, closed: fail });
  });
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
  listen(socket, listener);
  socket.accept();
  return socket;
}

/** Adds the listeners of a socket. A broken connection fires `error`, `close`, or both. */
function listen(socket: SocketLike, { message, closed }: SocketListener): void {
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
