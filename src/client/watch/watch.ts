import type { WatchFrame } from '../wire/frames';
import type { RollcallError } from '../wire/rollcall-error';
import type { WatchWireFrame } from '../wire/wire-frame';

/** What a watch is about: the whole namespace where it names nothing. */
export interface WatchScope {
  /** `orders` in the default group, or `group@@orders`. */
  services?: readonly string[] | undefined;
  /** All services of these groups. */
  groups?: readonly string[] | undefined;
}

/** Whether the registry is heard at this moment. */
export interface WatchStatus {
  /** `connected`: what the watch has told is all there is. `disconnected`: it is coming back, and will miss nothing. */
  state: 'connected' | 'disconnected';
  /** When this began, in milliseconds since the epoch. */
  since: number;
}

/** The ways to be told of changes: a frame on the client's socket, an event stream, or asking again and again. */
export type WatchTransport = 'socket' | 'stream' | 'poll';

export interface WatchOptions {
  /** Go on after this, as another watch of the same scope left off; a snapshot first where it is left out. */
  cursor?: string | undefined;
  /** Default: a socket where the runtime has one that opens, otherwise an event stream. */
  transport?: WatchTransport | undefined;
  /** Closes the watch. */
  signal?: AbortSignal | undefined;
  /** Takes the frames as they come, instead of an iterator. */
  onFrame?: ((frame: WatchFrame) => void) | undefined;
  /** Told when the connection comes and goes. */
  onStatus?: ((status: WatchStatus) => void) | undefined;
  /** Told once, when the watch is over: with an error where the registry refused it for good. */
  onEnd?: ((error: RollcallError | undefined) => void) | undefined;
}

/**
 * Services as they are and as they change, over any number of broken connections: never a gap, nothing twice.
 *
 * Iterate it once. The iterator ends when the watch is closed, and throws a `RollcallError` when the registry refuses
 * it for good.
 */
export interface Watch extends AsyncIterable<WatchFrame> {
  readonly status: WatchStatus;
  /** Of the newest frame that was taken in, read or not; undefined before the first. */
  readonly cursor: string | undefined;
  /**
   * Tells the registry that everything up to a frame's cursor is acted by: no call of yours goes to an instance that had
   * left by then. A drain waits for it. Never throws; of the newest cursor only.
   */
  acknowledge(cursor: string): void;
  /** Ends the watch. */
  close(): void;
}

/** What a source tells the watch that it is for. */
export interface WatchSink {
  /** Where to go on from; undefined: a snapshot first. */
  readonly cursor: string | undefined;
  /** The newest cursor that was acknowledged. */
  readonly acknowledged: string | undefined;
  /** @param size In letters. */
  take(frame: WatchWireFrame, size: number): void;
  /** It is connected, and tells all that there is. */
  up(): void;
  /** It is not, or no longer, and is on its way back. */
  down(): void;
  /**
   * The registry refuses the watch.
   *
   * @returns Whether that is the end of it; otherwise the source is to try again.
   */
  refused(error: RollcallError): boolean;
}

/** One way of being told of changes. */
export interface WatchSource {
  /** Goes on from the cursor of the sink, for as long as it is not stopped. */
  start(): void;
  /** Ends what was started; it may be started again. */
  stop(): void;
  /** There is a newer cursor acknowledged. */
  acknowledge(): void;
}
