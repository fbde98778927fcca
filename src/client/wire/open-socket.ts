import type { ClientOptions, SocketLike, WebSocketConstructor } from './client-options';
import { type RegistryHttp, refusal } from './registry-http';
import { RollcallError } from './rollcall-error';
import type { Time } from './time';

const PROTOCOL = 'rollcall.v1';

/** The close code of a connection that broke without one (RFC 6455, 7.4.1). Deno says 0. */
export const BROKEN = 1006;

/** A socket that is not open by then will not be. */
const OPEN_TIMEOUT_MS = 10_000;

/** What Cloudflare's runtime puts on the answer to an upgrade. */
type UpgradeAnswer = Response & { webSocket?: (SocketLike & { accept(): void }) | null };

/** Takes what a socket tells. */
export interface SocketListener {
  message(text: string): void;
  /** Once; nothing comes after it. */
  closed(code: number, reason: string): void;
}

/** Cloudflare's runtime opens sockets by `fetch`, so that a service binding does, too. */
const opensByFetch = (): boolean => 'WebSocketPair' in globalThis;

/** Whether there is any way to open a socket here. */
export function hasSockets({ WebSocket }: ClientOptions): boolean {
  return WebSocket !== undefined || opensByFetch() || 'WebSocket' in globalThis;
}

/**
 * Opens a socket to the namespace.
 *
 * @param subscriber What it is called in receipts.
 * @throws {RollcallError} What the upgrade was refused with, as far as the runtime tells; `UNREACHABLE`.
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
  // `as`: runtimes type their own WebSocket each in its way, and all of them have what is used of it.
  const Constructor = options.WebSocket ?? (WebSocket as unknown as WebSocketConstructor);
  return new Promise((resolve, reject) => {
    const protocols = token === undefined ? [PROTOCOL] : [PROTOCOL, `token.${token}`];
    const socket: SocketLike = new Constructor(url.replace(/^http/, 'ws'), protocols);
    let isOpen = false;
    const fail = (code: number, reason: string) => {
      cancel();
      if (isOpen) listener.closed(code, reason);
      isOpen = false;
      const why = reason || 'a refusal, a proxy that knows no WebSockets, or nobody there';
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

/** A break is told by `error`, by `close`, or by both. */
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
  // Most runtimes tell the close next, with its code; one that does not is heard all the same.
  socket.addEventListener('error', () => setTimeout(() => end(BROKEN, ''), 0));
}
