import type { RegistryError } from '../../model/errors';
import { CLOSE_CODES, type WatchScope } from '../../model/frames';
import type { NamespaceSocket, NamespaceSockets, SocketPurpose } from '../../model/namespace-sockets';
import { readFrameHead, readNamespaceFrame, refusalIn, watchRequest } from './namespace-frames';

/** Outcome of a wait. `lost`: the namespace's side is gone. `superseded`: the same poller has started another poll. */
export type Signal = 'changed' | 'late' | 'lost' | 'superseded';

/** A watch that only signals that something has changed. */
export class ChangeSignal {
  #socket: NamespaceSocket | undefined;
  /** Signal that has not been returned yet. */
  #pending: Signal | undefined;
  #refusal: RegistryError | undefined;
  #wake: (() => void) | undefined;

  private constructor() {}

  /**
   * Starts to watch for changes after a cursor.
   *
   * @param watch.name Name of the resource: a later poll of the same subscriber and name replaces this one.
   */
  static async open(
    sockets: NamespaceSockets,
    purpose: SocketPurpose,
    watch: { name: string; scope: WatchScope; cursor: string },
  ): Promise<ChangeSignal> {
    const signal = new ChangeSignal();
    signal.#socket = await sockets.open(
      { ...purpose, proof: 'marks' },
      {
        frame: (text) => signal.#take(text),
        closed: (code) => signal.#signal(code === CLOSE_CODES.superseded ? 'superseded' : 'lost'),
      },
    );
    const { name, scope, cursor } = watch;
    signal.#socket.send(watchRequest(name, { scope, cursor }));
    return signal;
  }

  /**
   * Waits for the next signal, up to this time in milliseconds.
   *
   * @throws {RegistryError} The error that the namespace refused the watch with.
   */
  async next(maxMs: number): Promise<Signal> {
    if (this.#pending === undefined) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const timer = setTimeout(resolve, maxMs);
      await promise;
      clearTimeout(timer);
    }
    if (this.#refusal !== undefined) throw this.#refusal;
    const pending = this.#pending ?? 'late';
    if (pending === 'changed') this.#pending = undefined;
    return pending;
  }

  close(): void {
    this.#socket?.close(1000, 'the poll is over');
  }

  #take(text: string): void {
    if (readFrameHead(text) !== undefined) {
      this.#signal('changed');
      return;
    }
    const frame = readNamespaceFrame(text);
    if (frame.type === 'error') {
      this.#refusal = refusalIn(frame);
      this.#signal('lost');
    } else if (frame.type === 'mark') {
      // Nothing is buffered here, so the credit is returned at once.
      this.#socket?.send(JSON.stringify({ type: 'credit', bytes: text.length, mark: frame.mark }));
    } else if (frame.type !== 'answer' && frame.type !== 'bookmark') {
      this.#signal('changed');
    }
  }

  #signal(signal: Signal): void {
    this.#pending = signal;
    this.#wake?.();
  }
}
