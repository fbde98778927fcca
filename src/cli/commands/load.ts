/** The result of a load. */
export interface LoadResult {
  /** Calls that were answered. */
  calls: number;
  errors: number;
  /** The first of them. */
  firstError: unknown;
  seconds: number;
  /** How long each call took, sorted, in milliseconds. */
  timesMs: number[];
}

export interface LoadOptions {
  /** Calls under way at once. */
  concurrency: number;
  durationMs: number;
  /** It ends before its time with so many calls. */
  mostCalls?: number | undefined;
  /** Ends the load before its time. */
  signal: AbortSignal;
  /** One call; gets a number that counts up from 0. */
  call: (index: number) => Promise<unknown>;
  /** Told after each call how far the load is, from 0 to 1. */
  progress: (share: number) => void;
}

/** Makes calls for a while, so many at once, each as soon as one before it is over. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const { concurrency, durationMs, mostCalls = Number.POSITIVE_INFINITY, signal, call, progress } = options;
  const timesMs: number[] = [];
  const startedAt = performance.now();
  let begun = 0;
  let errors = 0;
  let firstError: unknown;
  const caller = async (): Promise<void> => {
    for (;;) {
      const from = performance.now();
      const share = Math.max((from - startedAt) / durationMs, begun / mostCalls);
      progress(Math.min(1, share));
      if (share >= 1 || signal.aborted) return;
      begun += 1;
      try {
        await call(begun - 1);
        timesMs.push(performance.now() - from);
      } catch (error) {
        errors += 1;
        firstError ??= error;
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, caller));
  const seconds = (performance.now() - startedAt) / 1_000;
  return { calls: timesMs.length, errors, firstError, seconds, timesMs: timesMs.sort((a, b) => a - b) };
}

/** The time that a share of the calls did not exceed, in milliseconds. Of a sorted list, by nearest rank. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
