import { encodeParts } from '../../codecs/nacos/payload';
import { NACOS_REPLY_MAX_MS } from '../../model/limits';

/** A request of the server to a client. */
export interface Push {
  /** Simple name of its class, such as `NotifySubscriberRequest`. */
  readonly type: string;
  /** Its members besides `requestId`: JSON without the brace at its beginning, in pieces. */
  readonly parts: readonly (string | Uint8Array)[];
  /** Called when the client has answered. */
  acknowledged(): void;
  /** Called if it has not answered in time. */
  late(): void;
}

/** The requests that a server sends on the stream of a client, until they are answered. */
export class Pushes {
  readonly #send: (message: Uint8Array) => void;
  readonly #waiting = new Map<string, { push: Push; sentAt: number }>();
  #names = 0;

  /** @param send Sends a message on the stream. */
  constructor(send: (message: Uint8Array) => void) {
    this.#send = send;
  }

  /** Number of requests without an answer. */
  get size(): number {
    return this.#waiting.size;
  }

  /** @param now Milliseconds of a clock that stands still while the process does. */
  push(push: Push, now: number): void {
    const id = this.#write(push);
    this.#waiting.set(id, { push, sentAt: now });
  }

  /** Sends a request to whose answer nothing is bound. */
  notify(type: string, members: object): void {
    const json = JSON.stringify(members).slice(1);
    this.#write({ type, parts: [json === '}' ? '"module":"internal"}' : json] });
  }

  /** Takes an answer of the client. */
  answered(requestId: string): void {
    const waiting = this.#waiting.get(requestId);
    if (this.#waiting.delete(requestId)) waiting?.push.acknowledged();
  }

  /** Gives up requests that have waited for too long. */
  check(now: number): void {
    for (const [id, { push, sentAt }] of this.#waiting) {
      // They are in the order in which they were sent.
      if (now - sentAt < NACOS_REPLY_MAX_MS) return;
      this.#waiting.delete(id);
      push.late();
    }
  }

  #write({ type, parts }: Pick<Push, 'type' | 'parts'>): string {
    this.#names += 1;
    // Clients of some versions parse it as a number.
    const id = String(this.#names);
    this.#send(encodeParts(type, [`{"headers":{},"requestId":"${id}",`, ...parts]));
    return id;
  }
}
