import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until something holds. Fails, with what it waited for, when it takes too long. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, mostMs = 60_000): Promise<void> {
  const end = performance.now() + mostMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`after ${mostMs / 1_000} s still not: ${what}`);
    await sleep(20);
  }
}
