import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until a condition holds. Fails with its description if that takes too long. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, mostMs = 60_000): Promise<void> {
  const end = performance.now() + mostMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`after ${mostMs / 1_000} s this is still false: ${what}`);
    await sleep(20);
  }
}
