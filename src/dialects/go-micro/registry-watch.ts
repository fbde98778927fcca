import type { AcceptSocket } from '../../http/watch/accepted-socket';
import { readNamespaceFrame, refusalIn, watchRequest } from '../../http/watch/namespace-frames';
import { jittered } from '../../http/watch/waits';
import { RegistryError } from '../../model/errors';
import { CLOSE_CODES, type WatchScope } from '../../model/frames';
import { CREDIT_INITIAL_BYTES, EVENT_STREAM_MAX_MS } from '../../model/limits';
import type { NamespaceSocket, NamespaceSockets, SocketPurpose } from '../../model/namespace-sockets';
import { messageOf } from './message';
import { WatchedNodes } from './watched-nodes';

/** Close codes of a server. Source: RFC 6455, section 7.4.1, and IANA's registry. */
const CLOSE = { goingAway: 1001, notAllowed: 1008, restart: 1012, tryAgainLater: 1013 };

/** What a watch is opened with. */
export interface RegistryWatchOptions {
  sockets: NamespaceSockets;
  purpose: SocketPurpose;
  scope: WatchScope;
}

/**
 * A go-micro watch: a client's WebSocket, and a socket to the namespace, on which the object may sleep. The nodes that
 * are there come first, as clients read and watch at the same time and would miss what happens in between.
 *
 * A client is deaf for good when its socket breaks without a Close frame: whatever ends a watch here says so first.
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
   * @param accept Takes the client's side.
   * @param over Called when the watch is over, once.
   */
  constructor(accept: AcceptSocket, over: () => void) {
    this.#accept = accept;
    this.#over = over;
  }

  /**
   * Opens the watch.
   *
   * @returns The answer to the client's upgrade.
   * @throws {RegistryError} What the namespace refuses the watch with, `UNAVAILABLE` where its socket breaks before.
   */
  async open({ sockets, purpose, scope }: RegistryWatchOptions): Promise<Response> {
    try {
      // A WebSocket in a Worker does not say what of its output was taken, and these clients answer nothing.
      this.#namespace = await sockets.open(
        { ...purpose, proof: 'none' },
        {
          frame: (text) => this.#take(text),
          closed: (code) => this.#lost(code),
        },
      );
      this.#namespace.send(watchRequest('registry', scope, undefined));
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
      () => this.#end(CLOSE.goingAway, 'come back: a watch lasts ten minutes'),
      jittered(EVENT_STREAM_MAX_MS),
    );
    this.#opened.resolve(answer);
  }

  /** The namespace's side is gone. */
  #lost(code: number): void {
    this.#namespace = undefined;
    const message = 'the namespace closed the watch before it began; try again';
    this.#opened.reject(new RegistryError('UNAVAILABLE', message, { retryAfterSeconds: 1 }));
    if (code === CLOSE_CODES.unauthorized) this.#end(CLOSE.notAllowed, 'the token has ended');
    else if (code === CLOSE_CODES.slowConsumer) this.#end(CLOSE.tryAgainLater, 'too slow');
    else this.#end(CLOSE.restart, 'come back');
  }

  /** Gives credit back where more parts follow, or in lumps: a quiet watch never wakes the namespace for it. */
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
