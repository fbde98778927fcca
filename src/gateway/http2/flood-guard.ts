import { ConnectionError, Http2Code } from './frames';

/** Limits of a {@link FloodGuard}. */
export interface FloodLimits {
  /** Streams that may be reset at once, and those that may be reset each second after that. */
  readonly resetsBurstMaxCount: number;
  readonly resetsPerSecondMaxCount: number;
  /** Idle frames that may come at once, and those that may come each second after that. */
  readonly idleFramesBurstMaxCount: number;
  readonly idleFramesPerSecondMaxCount: number;
}

/** Idle frames that the settings of a client count for: each may concern all of its streams. */
const SETTINGS_COST_COUNT = 10;
/** Output for which a client may send one idle frame more: clients widen windows at most once for four times as much. */
const OUTPUT_PER_FRAME_BYTES = 1_024;
/** Open streams for which a change of settings counts as one idle frame more: it widens the window of each. */
const STREAMS_PER_SETTINGS_FRAME_COUNT = 25;
/**
 * Idle frames that a client may send more for each message or group of messages: those of Go measure the connection whenever
 * they receive something, by a window and a ping.
 */
const FRAMES_PER_WRITE_COUNT = 3;
/** Idle frames that a client may send more for each stream: a window, a priority, and pings that measure the connection. */
const FRAMES_PER_STREAM_COUNT = 4;

/** Something that a client may do a number of times at once, and then at a rate. */
class Allowance {
  readonly #burst: number;
  readonly #perSecond: number;
  readonly #now: () => number;
  #left: number;
  #filledAt: number;

  constructor(burst: number, perSecond: number, now: () => number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#now = now;
    this.#left = burst;
    this.#filledAt = now();
  }

  add(count: number): void {
    this.#left = Math.min(this.#burst, this.#left + count);
  }

  /** @throws {ConnectionError} If nothing is left. */
  spend(count: number, what: string): void {
    this.#left -= count;
    if (this.#left >= 0) return;
    // The clock is read only now: most clients never come this far.
    const now = this.#now();
    this.add(((now - this.#filledAt) / 1_000) * this.#perSecond);
    this.#filledAt = now;
    if (this.#left < 0) throw new ConnectionError(Http2Code.ENHANCE_YOUR_CALM, `too many ${what}`);
  }
}

/**
 * Ends the connection of a client that makes the server work and takes no answers: by resets of streams, its own
 * (CVE-2023-44487) and those that its violations cause (CVE-2025-8671), and by frames that carry nothing, such as pings,
 * settings, priorities, small windows and empty data (CVE-2019-9511, 9512, 9513, 9515 and 9518).
 */
export class FloodGuard {
  readonly #resets: Allowance;
  readonly #idleFrames: Allowance;

  /** @param now Milliseconds of a clock that does not jump. */
  constructor(limits: FloodLimits, now: () => number) {
    this.#resets = new Allowance(limits.resetsBurstMaxCount, limits.resetsPerSecondMaxCount, now);
    this.#idleFrames = new Allowance(limits.idleFramesBurstMaxCount, limits.idleFramesPerSecondMaxCount, now);
  }

  /** Counts a stream that the client has reset, or that was reset because of it. */
  reset(): void {
    this.#resets.spend(1, 'resets');
  }

  /** Counts a frame that carries nothing. */
  idleFrame(): void {
    this.#idleFrames.spend(1, 'idle frames');
  }

  /** Counts settings of a client that has a number of streams open. */
  settings(streamCount: number): void {
    this.#idleFrames.spend(SETTINGS_COST_COUNT + streamCount / STREAMS_PER_SETTINGS_FRAME_COUNT, 'settings');
  }

  /** Counts output, for which a client sends windows. */
  sent(bytes: number): void {
    this.#idleFrames.add(bytes / OUTPUT_PER_FRAME_BYTES);
  }

  /** Counts output that the application writes at once, in however many frames. */
  wrote(): void {
    this.#idleFrames.add(FRAMES_PER_WRITE_COUNT);
  }

  opened(): void {
    this.#idleFrames.add(FRAMES_PER_STREAM_COUNT);
  }
}
