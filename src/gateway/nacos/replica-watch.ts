import { SocketSource } from '../../client/watch/socket-source';
import type { WatchScope, WatchSink } from '../../client/watch/watch';
import type { RollcallError } from '../../client/wire/rollcall-error';
import type { SocketLink } from '../../client/wire/socket-link';
import type { WatchWireFrame } from '../../client/wire/wire-frame';
import { deferred } from '../../model/deferred';
import { RegistryError } from '../../model/errors';
import { registryError } from '../sources/remote-errors';
import { FrameParts, type Replica, type ReplicaContent } from './replica';

/** Parameters of {@link ReplicaWatch}. */
export interface ReplicaWatchOptions<Content extends ReplicaContent> {
  scope: WatchScope;
  replica: Replica<Content>;
  /** True: no drain waits for the client. */
  observer: boolean;
  /** Called when the replica is current up to a later revision, from the first one on. */
  onChange: () => void;
  /** Called with an error that {@link onChange} has thrown. */
  onFailed: (error: unknown) => void;
  /** Called if the registry refuses the watch after it has begun, or its socket has no room for it. */
  onRefused: (error: RollcallError) => void;
}

/** A client's watch, which keeps a replica current. It survives broken connections, without a gap. */
export class ReplicaWatch<Content extends ReplicaContent> implements WatchSink {
  cursor: string | undefined;
  acknowledged: string | undefined;
  readonly replica: Replica<Content>;
  readonly #options: ReplicaWatchOptions<Content>;
  readonly #parts = new FrameParts();
  readonly #ready = deferred<void>();
  #isReady = false;
  #source: SocketSource | undefined;

  constructor(options: ReplicaWatchOptions<Content>) {
    this.#options = options;
    this.replica = options.replica;
    this.#ready.promise.catch(() => {});
  }

  /** Resolves once the replica is as new as the watch; rejects with a {@link RegistryError} if the watch is refused. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** True once a whole state has been received. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Starts the watch, or goes on with it on another socket. */
  start(link: SocketLink): void {
    this.#source?.stop();
    this.#parts.broken();
    const { scope, observer } = this.#options;
    this.#source = new SocketSource(link, { scope, observer: observer || undefined }, this, true);
    this.#source.start();
  }

  stop(): void {
    this.#source?.stop();
    this.#source = undefined;
    this.#ready.reject(new RegistryError('UNAVAILABLE', 'the client has ended the watch'));
  }

  /** Tells the registry that the client has been sent everything so far, and has taken it. */
  acknowledge(cursor: string | undefined): void {
    if (cursor === undefined || cursor === this.acknowledged) return;
    this.acknowledged = cursor;
    this.#source?.acknowledge();
  }

  take(frame: WatchWireFrame): void {
    if (frame.type === 'bookmark') {
      this.cursor = frame.cursor;
      return;
    }
    if (frame.type === 'reset') {
      this.#parts.broken();
      this.cursor = undefined;
      return;
    }
    const whole = this.#parts.take(frame);
    if (whole === undefined) return;
    if (whole.type === 'snapshot') this.replica.snapshot(whole);
    else this.replica.changes(whole);
    this.cursor = whole.cursor;
    if (!this.#isReady) {
      this.#isReady = true;
      this.#ready.resolve();
    }
    try {
      this.#options.onChange();
    } catch (error) {
      // Thrown on, it would reach the registry, which is sending to others.
      this.#options.onFailed(error);
    }
  }

  up(): void {}

  down(error?: RollcallError): void {
    this.#parts.broken();
    // The socket goes on trying, but a caller need not wait for what will be refused again.
    if (error !== undefined && !error.isPassing) this.#ready.reject(registryError(error));
  }

  refused(error: RollcallError): boolean {
    if (error.isPassing && error.code !== 'LIMIT_EXCEEDED') return false;
    this.#options.onRefused(error);
    return true;
  }

  /** Ends the wait of {@link ready}. */
  fail(error: RollcallError): void {
    this.#ready.reject(registryError(error));
  }
}
