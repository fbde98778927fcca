import type { ClientOptions, SocketLike, WebSocketConstructor } from './client-options';
import { type RegistryHttp, refusal } from './registry-http';
import { RollcallError } from './rollcall-error';
import type { Time } from './time';

const PROTOCOL = 'rollcall.v1';

/** Close code of a connection that broke without one (RFC 6455, 7.4.1). Deno reports 0. */
export const BROKEN = 1006;

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

/** Reports whether the runtime can open sockets. */
export function hasSockets({ WebSocket }: ClientOptions): boolean {
  return WebSocket !== undefined || opensByFetch() || 'WebSocket' in globalThis;
}

/**
 * Opens a socket to the namespace.
 *
 * @param subscriber Name in receipts.
 * @throws {RollcallError} The error that refused the upgrade, if the runtime exposes it; otherwise `UNREACHABLE`.
 */
export async function openSocket(
  http: RegistryHttp,
  options: ClientOptions,
  time: Time,
  subscriber: string,
  listener: SocketListener,
): Promise<SocketLike> {
  const token = await http.token();
  const url = `${http.url}${http.namespacePath}/socket?subscriber=${encodeURIComponent(subscriber)}`;
  if (options.WebSocket === undefined && opensByFetch()) return upgraded(http, url, token, listener);
  // `as`: runtimes type their WebSocket differently, but all of them have the members used here.
  const Constructor = options.WebSocket ?? (WebSocket as unknown as WebSocketConstructor);
  return new Promise((resolve, reject) => {
    const protocols = token === undefined ? [PROTOCOL] : [PROTOCOL, `token.${token}`];
    const socket: SocketLike = new Constructor(url.replace(/^http/, 'ws'), protocols);
    let isOpen = false;
    const fail = (code: number, reason: string) => {
      cancel();
      if (isOpen) listener.closed(code, reason);
      isOpen = false;
      const why = reason || 'refused, no WebSocket support in a proxy, or unreachable';
      reject(new RollcallError('UNREACHABLE', `the socket did not open (${code}): ${why}`));
    };
    const cancel = time.after(OPEN_TIMEOUT_MS, () => {
      fail(BROKEN, `not open within ${OPEN_TIMEOUT_MS} ms`);
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

async function upgraded(
  http: RegistryHttp,
  url: string,
  token: string | undefined,
  listener: SocketListener,
): Promise<SocketLike> {
  const answer: UpgradeAnswer = await http.fetch(url, {
    headers: {
      Upgrade: 'websocket',
      'Sec-WebSocket-Protocol': PROTOCOL,
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    },
  });
  const socket = answer.webSocket;
  if (!socket) throw await refusal(answer);
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
