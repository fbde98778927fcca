import type { RollcallError } from '../wire/rollcall-error';
import type { WatchWireFrame } from '../wire/wire-frame';

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
