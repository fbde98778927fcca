import type { AcceptSocket } from '../../http/watch/accepted-socket';
import { readNamespaceFrame, refusalIn, watchRequest } from '../../http/watch/namespace-frames';
import { jittered } from '../../http/watch/waits';
import { RegistryError } from '../../model/errors';
import { CLOSE_CODES, type WatchScope } from '../../model/frames';
import { CREDIT_INITIAL_BYTES, EVENT_STREAM_MAX_MS } from '../../model/limits';
import type { NamespaceSocket, NamespaceSockets, SocketPurpose } from '../../model/namespace-sockets';
import { WatchedNodes } from './watched-nodes';
import { messageOf } from './wire';

/** Close codes that a server may send. Source: RFC 6455, section 7.4.1, and IANA's registry. */
const CLOSE = { goingAway: 1001, notAllowed: 1008, restart: 1012, tryAgainLater: 1013 };

/** Options of {@link RegistryWatch.open}. */
export interface RegistryWatchOptions {
  sockets: NamespaceSockets;
  purpose: SocketPurpose;
  scope: WatchScope;
}

/**
 * A go-micro watch: a client's WebSocket, and a socket to the namespace, whose object may sleep meanwhile. It first sends
 * all existing nodes, because clients read and watch at the same time and would miss changes in between.
 *
 * A client stops receiving for good if its socket breaks without a Close frame, so a watch always sends one.
 */
export class RegistryWatch {
  readonly #nodes = new WatchedNodes();
  readonly #opened = Promise.withResolvers<Response>();
  readonly #accept: AcceptSocket;
  readonly #over: () => void;
  #namespace: NamespaceSocket | undefined;
  #client: NamespaceSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;
  #toGrant = 0;

  /**
   * @param accept Accepts the client's WebSocket.
   * @param over Called once, when the watch ends.
   */
  constructor(accept: AcceptSocket, over: () => void) {
    this.#accept = accept;
    this.#over = over;
  }

  /**
   * Opens the watch.
   *
   * @returns The response to the client's upgrade request.
   * @throws {RegistryError} The refusal of the namespace; `UNAVAILABLE` if its socket breaks first.
   */
  async open({ sockets, purpose, scope }: RegistryWatchOptions): Promise<Response> {
    try {
      // A WebSocket in a Worker does not report how much of its output was read, and these clients send nothing back.
      this.#namespace = await sockets.open(
        { ...purpose, proof: 'none' },
        {
          frame: (text) => this.#take(text),
          closed: (code) => this.#lost(code),
        },
      );
      this.#namespace.send(watchRequest('registry', { scope }));
      return await this.#opened.promise;
    } catch (error) {
      this.#leave();
      throw error;
    }
  }

  #take(text: string): void {
    const frame = readNamespaceFrame(text);
    if (frame.type === 'answer') {
      this.#welcome();
    } else if (frame.type === 'error') {
      this.#opened.reject(refusalIn(frame));
    } else if (frame.type !== 'mark') {
      for (const result of this.#nodes.resultsOf(frame)) this.#client?.send(messageOf(result));
      this.#grant(text.length, 'last' in frame && frame.last === false);
    }
  }

  #welcome(): void {
    const { socket, answer } = this.#accept(() => this.#leave());
    this.#client = socket;
    this.#timer = setTimeout(
      () => this.#end(CLOSE.goingAway, 'reconnect: a watch lasts ten minutes'),
      jittered(EVENT_STREAM_MAX_MS),
    );
    this.#opened.resolve(answer);
  }

  /** Handles the loss of the socket to the namespace. */
  #lost(code: number): void {
    this.#namespace = undefined;
    const message = 'the namespace closed the watch before it started; try again';
    this.#opened.reject(new RegistryError('UNAVAILABLE', message, { retryAfterSeconds: 1 }));
    if (code === CLOSE_CODES.unauthorized) this.#end(CLOSE.notAllowed, 'the token is no longer valid');
    else if (code === CLOSE_CODES.slowConsumer) this.#end(CLOSE.tryAgainLater, 'too slow');
    else this.#end(CLOSE.restart, 'reconnect');
  }

  /** Grants credit if more parts follow, and otherwise in large amounts, so that a quiet watch never wakes the namespace. */
  #grant(bytes: number, isPart: boolean): void {
    this.#toGrant += bytes;
    if (!isPart && this.#toGrant < CREDIT_INITIAL_BYTES / 2) return;
    this.#namespace?.send(JSON.stringify({ type: 'credit', bytes: this.#toGrant }));
    this.#toGrant = 0;
  }

  #end(code: number, reason: string): void {
    this.#client?.close(code, reason);
    this.#leave();
  }

  #leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#namespace?.close(1000, 'the watch is over');
    this.#namespace = undefined;
    this.#client = undefined;
    this.#over();
  }
}
