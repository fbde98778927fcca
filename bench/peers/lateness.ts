import { setTimeout as sleep } from 'node:timers/promises';
import { spread } from '../statistics';
import type { Comparison, Row } from './comparison';

const TTL_SECONDS = 5;
const INSTANCES = 20;
const BEATS = 3;
const GONE_MAX_MS = 60_000;

/** Measures the delay from the end of a dead instance's lease to its removal at a watcher. Each is cut off separately. */
export async function lateness({ contenders, log }: Comparison): Promise<Row> {
  const measured = contenders.map(async ({ peer, server }) => {
    const late: number[] = [];
    const ends = new Map<string, number>();
    const gone = Promise.withResolvers<void>();
    const watch = await server.watch('dying', (id, exists) => {
      const end = ends.get(id);
      if (exists || end === undefined) return;
      late.push(performance.now() - end);
      ends.delete(id);
      if (late.length === INSTANCES) gone.resolve();
    });
    await Promise.all(
      Array.from({ length: INSTANCES }, async (_, n) => {
        const id = `d-${n}`;
        // Staggered, because a server that checks periodically would be equally late for all.
        await sleep((n * TTL_SECONDS * 1_000) / INSTANCES);
        const connection = await server.connect(TTL_SECONDS);
        await connection.register('dying', id);
        for (let beat = 0; beat < BEATS; beat++) {
          await sleep(500);
          await connection.beat();
        }
        ends.set(id, performance.now() + TTL_SECONDS * 1_000);
        connection.cut();
      }),
    );
    const timer = setTimeout(
      () => gone.reject(new Error(`${ends.size} of ${peer.name} have not expired`)),
      GONE_MAX_MS,
    );
    await gone.promise.finally(() => clearTimeout(timer));
    watch.cut();
    return [peer.name, spread(late)] as const;
  });
  const values = new Map(await Promise.all(measured));
  log(`lateness: ${[...values].map(([name, { median }]) => `${name} ${median.toFixed(0)} ms`).join(', ')}`);
  return {
    title: `A dead instance is gone for a watcher, after the ${TTL_SECONDS} s of its lease`,
    unit: 'ms late',
    better: 'less',
    values,
    note: `${INSTANCES} instances, each with its own connection and lease; all peers at the same time`,
  };
}
