import { RollcallError } from '../wire/rollcall-error';
import type { LinkUser, SocketLink } from '../wire/socket-link';
import type { WatchRequest, WatchSink, WatchSource } from './watch';

/** A watch over the client's socket. */
export class SocketSource implements WatchSource, LinkUser {
  readonly #link: SocketLink;
  readonly #request: WatchRequest;
  readonly #sink: WatchSink;
  /** Name of the watch on the socket: new each time, so that frames of an ended watch are ignored. */
  #watch: string | undefined;

  readonly isBackground: boolean;

  constructor(link: SocketLink, request: WatchRequest, sink: WatchSink, isBackground: boolean) {
    this.#link = link;
    this.isBackground = isBackground;
    this.#request = request;
    this.#sink = sink;
  }

  start(): void {
    this.#link.join(this);
  }

  stop(): void {
    const watch = this.#watch;
    this.#forget();
    if (watch !== undefined) this.#link.ask({ type: 'unwatch', watch }).catch(() => {}); // It may be over already.
    this.#link.leave(this);
  }

  acknowledge(): void {
    const { acknowledged } = this.#sink;
    if (this.#watch !== undefined && acknowledged !== undefined) {
      this.#link.send({ type: 'ack', watch: this.#watch, cursor: acknowledged });
    }
  }

  up(): void {
    void this.#begin();
  }

  down(error: RollcallError): void {
    this.#forget();
    this.#sink.down(error);
  }

  async #begin(isPlain = false): Promise<void> {
    const watch = this.#link.name();
    this.#watch = watch;
    this.#link.listen(watch, (frame, size) => this.#sink.take(frame, size));
    const { scope, ...options } = this.#request;
    const request = { type: 'watch', watch, scope, ...(!isPlain && options), cursor: this.#sink.cursor };
    try {
      const { reconnectWithinMs } = await this.#link.ask<{ reconnectWithinMs: number }>(request);
      this.#link.backOff.spreadMs = reconnectWithinMs;
    } catch (error) {
      const reason = RollcallError.from(error, 'no watch');
      if (this.#watch !== watch || reason.code === 'UNREACHABLE') return;
      this.#forget();
      // An older registry refuses options that it does not know.
      if (reason.code === 'INVALID_REQUEST' && !isPlain && (options.observer || options.counts))
        return this.#begin(true);
      if (!this.#sink.refused(reason)) this.#link.reopen(reason.message);
      return;
    }
    if (this.#watch !== watch) return;
    this.#sink.up();
    // The registry keeps receipts in memory only, so they are sent again.
    this.acknowledge();
  }

  #forget(): void {
    if (this.#watch !== undefined) this.#link.listen(this.#watch, undefined);
    this.#watch = undefined;
  }
}
