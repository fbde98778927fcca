/** Clock, timers and random numbers of the client; tests control them. */
export interface Time {
  /** Returns milliseconds on a monotonic clock. */
  now(): number;
  /** Returns milliseconds since the epoch. */
  wallClock(): number;
  /** Returns a number in [0, 1). */
  random(): number;
  /**
   * Calls a function once, after a delay; returns a function that cancels it.
   *
   * @param staysAwake True: the timer keeps the process alive, in runtimes where a timer need not.
   */
  after(ms: number, act: () => void, staysAwake?: boolean): () => void;
}

/** A timer of Node or Bun; other runtimes use numbers. */
interface Unreferable {
  unref?: () => void;
}

/** The part of `Deno` that is used. */
interface DenoTimers {
  unrefTimer?: (id: number) => void;
}

/** Lets the process end before a timer fires, in runtimes that allow it. */
export function letSleep(timer: unknown): void {
  if (typeof timer === 'object')
    (timer as Unreferable | null)?.unref?.(); // `as`: the member is checked
  // `as`: only Deno has it, and its types are not available here
  else (globalThis as { Deno?: DenoTimers }).Deno?.unrefTimer?.(timer as number);
}

/** The runtime's clock, timers and random numbers. */
export const REAL_TIME: Time = {
  now: () => performance.now(),
  wallClock: () => Date.now(),
  random: () => Math.random(),
  after: (ms, act, staysAwake = false) => {
    const timer = setTimeout(act, ms);
    if (!staysAwake) letSleep(timer);
    return () => clearTimeout(timer);
  },
};

/** Returns the same time, with timers that never keep the process alive. */
export function inBackground(time: Time): Time {
  return { ...time, after: (ms, act) => time.after(ms, act) };
}

/** Resolves after a delay, or as soon as the signal aborts. Keeps the process alive, as a caller waits for it. */
export function pause(time: Time, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = time.after(ms, end, true);
    signal.addEventListener('abort', end);
  });
}
