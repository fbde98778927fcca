import { encodeParts } from '../../codecs/nacos/payload';
import { NACOS_REPLY_MAX_MS } from '../../model/limits';

/** A request of the server to a client. */
export interface Push {
  /** Simple name of its class, such as `NotifySubscriberRequest`. */
  readonly type: string;
  /** Its members besides `requestId`: JSON without the brace at its beginning, in pieces. */
  readonly parts: readonly (string | Uint8Array)[];
  /** Called when the client has answered. */
  acknowledged?(): void;
  /** Called if it has not answered in time. */
  late?(): void;
}

/** The stream of a client. */
export interface PushStream {
  /** Sends a message. Returns false if the client does not read fast enough. */
  send(message: Uint8Array): boolean;
  /** Returns milliseconds of a clock that stands still while the process does. */
  now(): number;
}

/** The requests that a server sends on the stream of a client, until they are answered. */
export class Pushes {
  readonly #stream: PushStream;
  readonly #unanswered = new Map<string, { push: Push; sentAt: number }>();
  /**
   * Requests for a client that does not read. They are encoded when they are sent, so that a list waits once for all of its
   * clients.
   */
  readonly #unsent: Push[] = [];
  #isClogged = false;
  #names = 0;

  constructor(stream: PushStream) {
    this.#stream = stream;
  }

  /** Number of requests without an answer, sent or not. */
  get size(): number {
    return this.#unanswered.size + this.#unsent.length;
  }

  push(push: Push): void {
    if (this.#isClogged) this.#unsent.push(push);
    else this.#send(push);
  }

  /** Sends a request to whose answer nothing is bound. */
  notify(type: string, members: object): void {
    this.push({ type, parts: [JSON.stringify({ module: 'internal', ...members }).slice(1)] });
  }

  /** The client reads again. */
  drained(): void {
    this.#isClogged = false;
    for (let push = this.#unsent.shift(); push !== undefined; push = this.#unsent.shift()) {
      this.#send(push);
      if (this.#isClogged) return;
    }
  }

  /** Takes an answer of the client. */
  answered(requestId: string): void {
    const sent = this.#unanswered.get(requestId);
    if (this.#unanswered.delete(requestId)) sent?.push.acknowledged?.();
  }

  /** Gives up requests that have been unanswered for too long. To a client that does not read, nothing is sent again. */
  check(): void {
    if (this.#isClogged) return;
    const now = this.#stream.now();
    for (const [id, { push, sentAt }] of this.#unanswered) {
      // They are in the order in which they were sent.
      if (now - sentAt < NACOS_REPLY_MAX_MS) return;
      this.#unanswered.delete(id);
      push.late?.();
    }
  }

  #send(push: Push): void {
    this.#names += 1;
    // Clients of some versions parse it as a number.
    const id = String(this.#names);
    if (push.acknowledged !== undefined) this.#unanswered.set(id, { push, sentAt: this.#stream.now() });
    if (!this.#stream.send(encodeParts(push.type, [`{"headers":{},"requestId":"${id}",`, ...push.parts]))) {
      this.#isClogged = true;
    }
  }
}
