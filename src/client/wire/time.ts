/** What the client knows of time and chance; tests move it by hand. */
export interface Time {
  /** Milliseconds, from anywhere; never goes back. */
  now(): number;
  /** Milliseconds since the epoch. */
  wallClock(): number;
  /** From 0 to below 1. */
  random(): number;
  /**
   * Acts once, after a while, and returns what takes that back.
   *
   * @param staysAwake True: a process that has nothing else to do waits for it, where the runtime knows the difference.
   */
  after(ms: number, act: () => void, staysAwake?: boolean): () => void;
}

/** What differs between a timer of Node or Bun, and a number. */
interface Unreferable {
  unref?: () => void;
}

/** What there is of Deno, in Deno. */
interface DenoTimers {
  unrefTimer?: (id: number) => void;
}

function letSleep(timer: unknown): void {
  if (typeof timer === 'object')
    (timer as Unreferable | null)?.unref?.(); // `as`: asked for, not taken for granted
  // `as`: there is a Deno in Deno alone, and no types of it anywhere else
  else (globalThis as { Deno?: DenoTimers }).Deno?.unrefTimer?.(timer as number);
}

/** The runtime's own. */
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

/** Resolves after a while, or as soon as the signal is aborted. Keeps the process awake: somebody waits for it. */
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
