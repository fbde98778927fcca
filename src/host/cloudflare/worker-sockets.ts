import { type ErrorData, RegistryError } from '../../model/errors';
import type { NamespaceSocket, NamespaceSockets, SocketListener, SocketPurpose } from '../../model/namespace-sockets';
import { quietly, REFUSED_STATUS, upgradeHeaders } from './object-sockets';
import type { NamespaceStub } from './object-stubs';
import { RemoteCalls } from './remote-objects';

/** Close code of a socket that broke. Source: RFC 6455, section 7.4.1. */
const BROKEN = 1006;

/** URL of requests to an object. It has no meaning, because an object knows its own name. */
const OBJECT_URL = 'https://namespace.rollcall.invalid/';

/**
 * Returns the sockets of a namespace in a Durable Object. Each is one request to the object and hibernates there: an
 * object with only quiet sockets is evicted from memory, however many it has.
 *
 * @param stub Creates a new stub for each attempt, because a stub that has thrown stays broken.
 */
export function remoteSockets(stub: () => NamespaceStub): NamespaceSockets {
  const calls = new RemoteCalls(stub);
  return {
    async pass(purpose, headers) {
      const webSocket = await calls.read((object) => upgrade(object, purpose));
      return new Response(null, { status: 101, webSocket, headers });
    },
    async open(purpose, listener) {
      return held(await calls.read((object) => upgrade(object, purpose)), listener);
    },
  };
}

/** @throws {RegistryError} If the object refuses. */
async function upgrade(object: NamespaceStub, purpose: SocketPurpose): Promise<WebSocket> {
  const answer = await object.fetch(OBJECT_URL, { headers: upgradeHeaders(purpose) });
  if (answer.webSocket !== null) return answer.webSocket;
  // `as`: an answer with this status has that body.
  if (answer.status === REFUSED_STATUS) throw RegistryError.fromData((await answer.json()) as ErrorData);
  throw new TypeError(`the object answered ${answer.status} instead of opening a socket`);
}

/** Holds a socket in this Worker. It adds its listeners before it accepts, so that no frame is missed. */
function held(socket: WebSocket, listener: SocketListener): NamespaceSocket {
  let isOpen = true;
  const closed = (code: number) => {
    if (!isOpen) return;
    isOpen = false;
    listener.closed(code);
  };
  socket.addEventListener('message', ({ data }) => {
    if (isOpen && typeof data === 'string') listener.frame(data);
  });
  socket.addEventListener('close', ({ code }) => closed(code));
  socket.addEventListener('error', () => closed(BROKEN));
  socket.accept();
  return {
    send: (text) => quietly(() => socket.send(text)),
    close: (code, reason) => {
      // No more frames are delivered after this side closes.
      isOpen = false;
      quietly(() => socket.close(code, reason));
    },
  };
}

/**
 * Accepts a client's WebSocket in this Worker, and creates the answer to its upgrade.
 *
 * @param closed Called when the client has gone, unless this side has closed the socket.
 */
export function acceptSocket(closed: () => void): { socket: NamespaceSocket; answer: Response } {
  const { 0: theirs, 1: ours } = new WebSocketPair();
  let isOpen = true;
  const end = (notifies: boolean, code: number, reason: string) => {
    if (!isOpen) return;
    isOpen = false;
    quietly(() => ours.close(code, reason));
    if (notifies) closed();
  };
  ours.addEventListener('close', () => end(true, 1000, ''));
  ours.addEventListener('error', () => end(true, 1011, ''));
  ours.accept();
  return {
    answer: new Response(null, { status: 101, webSocket: theirs }),
    socket: {
      send: (text) => quietly(() => ours.send(text)),
      close: (code, reason) => end(false, code, reason),
    },
  };
}
