/** The result of a load. */
export interface LoadResult {
  /** Number of successful calls. */
  calls: number;
  errors: number;
  /** First of the errors. */
  firstError: unknown;
  seconds: number;
  /** Durations of the calls, sorted, in milliseconds. */
  timesMs: number[];
}

export interface LoadOptions {
  /** Number of concurrent calls. */
  concurrency: number;
  durationMs: number;
  /** Ends the load early after this number of calls. */
  mostCalls?: number | undefined;
  /** Ends the load early. */
  signal: AbortSignal;
  /** Makes a call; gets a number that counts up from 0. */
  call: (index: number) => Promise<unknown>;
  /** Called with the progress, from 0 to 1, before each call. */
  progress: (share: number) => void;
}

/** Makes calls for a while with constant concurrency. */
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

/** Returns a percentile of a sorted list, by nearest rank. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
