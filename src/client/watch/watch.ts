import type { ClientCore } from '../wire/client-core';
import type { WatchFrame } from '../wire/frames';
import type { RollcallError } from '../wire/rollcall-error';
import type { WatchWireFrame } from '../wire/wire-frame';

/** Scope of a watch: the whole namespace if it names nothing. */
export interface WatchScope {
  /** `orders` in the default group, or `group@@orders`. */
  services?: readonly string[] | undefined;
  /** All services of these groups. */
  groups?: readonly string[] | undefined;
}

type KeyMember = 'key' | 'prefix' | 'from' | 'to';

/** Keys of entries as frames name them: text, or base64 of bytes that are not UTF-8. */
export type WireKeys = { [Name in KeyMember | `${KeyMember}Base64`]?: string };

/** Scope of any watch: of services, or of entries. */
export interface WireScope extends WatchScope {
  keys?: readonly WireKeys[] | undefined;
}

/** State of the connection to the registry. */
export interface WatchStatus {
  /** `connected`: the watch is up to date. `disconnected`: it is reconnecting, and will miss nothing. */
  state: 'connected' | 'disconnected';
  /** Start of this state, in milliseconds since the epoch. */
  since: number;
  /** While disconnected: error of the last attempt, or of the connection that was lost; undefined during the first attempt. */
  error?: RollcallError | undefined;
}

/** Transport of a watch: the client's WebSocket, an event stream, or long polls. */
export type WatchTransport = 'socket' | 'stream' | 'poll';

export interface WatchOptions {
  /** Resumes after this cursor of an earlier watch of the same scope; default: start with a snapshot. */
  cursor?: string | undefined;
  /**
   * True: no drain waits for this watch, so it need not acknowledge anything. For dashboards and other readers that send no
   * calls to instances. A registry that does not know this option treats the watch as a subscriber. Default: false.
   */
  observer?: boolean | undefined;
  /**
   * True: each frame of changes has the counts of the services that it concerns, as the list of services has them. Long
   * polls have no frames of changes. A registry that does not know this option sends none. Default: false.
   */
  counts?: boolean | undefined;
  /** Default: a socket if the runtime can open one, otherwise an event stream. */
  transport?: WatchTransport | undefined;
  /**
   * False: the watch does not keep the process alive, in Node, Deno and Bun. In Deno and Bun, it then uses an event
   * stream, unless a `WebSocket` or `fetch` was passed to the client. Default: true.
   */
  keepsAlive?: boolean | undefined;
  /** Closes the watch. */
  signal?: AbortSignal | undefined;
  /** Receives the frames as they arrive, instead of the iterator. */
  onFrame?: ((frame: WatchFrame) => void) | undefined;
  /** Called when the connection is established or lost, and when the first attempt fails. */
  onStatus?: ((status: WatchStatus) => void) | undefined;
  /** Called once, when the watch ends: with an error if the registry refused it for good. */
  onEnd?: ((error: RollcallError | undefined) => void) | undefined;
}

/**
 * A watch of services: a snapshot, then every change. It survives any number of broken connections without gaps or
 * duplicates.
 *
 * Iterate it only once. The iterator ends when the watch is closed, and throws a `RollcallError` if the registry refuses
 * the watch for good.
 */
export interface Watch extends AsyncIterable<WatchFrame> {
  readonly status: WatchStatus;
  /** Cursor of the newest received frame, read or not; undefined before the first. */
  readonly cursor: string | undefined;
  /**
   * Acknowledges everything up to a frame's cursor: this process sends no more calls to instances that had left by then.
   * Drains wait for it. Never throws; only the newest cursor counts.
   */
  acknowledge(cursor: string): void;
  /** Ends the watch. */
  close(): void;
}

/** Options of a watch of any scope. */
interface ScopeOptions extends Omit<WatchOptions, 'onFrame'> {
  /** True: changes of entries have the entry before them. */
  previous?: boolean | undefined;
}

/** Options of a watch of any scope, and the receiver of its frames. */
export interface SourceOptions<Frame> extends ScopeOptions {
  onFrame?: ((frame: Frame) => void) | undefined;
}

/** Parameters of a watch that its source sends. */
export interface WatchRequest extends Pick<ScopeOptions, 'observer' | 'counts' | 'previous'> {
  scope: WireScope;
}

/** Receives the frames and the state of a source. */
export interface WatchSink {
  /** Cursor to resume from; undefined: start with a snapshot. */
  readonly cursor: string | undefined;
  /** Newest acknowledged cursor. */
  readonly acknowledged: string | undefined;
  /** @param size Size in characters. */
  take(frame: WatchWireFrame, size: number): void;
  /** Called when the source is connected and up to date. */
  up(): void;
  /** Called when the source is disconnected and tries to reconnect, and whenever an attempt fails. */
  down(error?: RollcallError): void;
  /**
   * Called when the registry refuses the watch.
   *
   * @returns True if the watch is over; otherwise the source tries again.
   */
  refused(error: RollcallError): boolean;
}

/** A transport of a watch. */
export interface WatchSource {
  /** Starts from the cursor of the sink, and runs until it is stopped. */
  start(): void;
  /** Stops the source; it may be started again. */
  stop(): void;
  /** Called when the reader has acknowledged a newer cursor. */
  acknowledge(): void;
}

/** A watch that needs a source. */
export interface Sourceless {
  core: ClientCore;
  scope: WireScope;
  options: ScopeOptions;
  sink: WatchSink;
  /** Aborts when the watch ends. */
  signal: AbortSignal;
  /** Starts a source. */
  begin: (source: WatchSource) => void;
}

/** Starts a source for a watch. Rejects if a module of the client could not be loaded. */
export type ChooseSource = (watch: Sourceless) => Promise<void>;
