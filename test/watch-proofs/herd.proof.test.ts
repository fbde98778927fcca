import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { type RunningRegistry, startRegistry } from '../programs/registry';
import { temporaryFolder } from '../programs/temporary-folder';
import { Follower } from './follower';
import { idsOf, put } from './registry-calls';
import { SessionHolder } from './session-holder';
import { until } from './until';

/**
 * A crash of the registry breaks the sockets of all watchers and sessions at once. They reconnect within the time that it
 * had specified, during writes. The full size: `WATCHERS=5000 SESSIONS=1000 npm run test:ci -- herd`; it needs `ulimit -n`
 * of 14,000, here and in workerd, which uses two descriptors per connection.
 */

const WATCHERS = Number(process.env.WATCHERS ?? 500);
const SESSIONS = Number(process.env.SESSIONS ?? 100);
/** Long enough for a client that reconnects among many, and has to wait for the others. */
const TTL_MS = 8_000 + 4 * WATCHERS;
const WATCHED = 'orders';
const HELD = 'held';
/** The full size takes minutes, especially on a busy machine. */
const TIMEOUT_MS = 240_000 + 100 * WATCHERS;
/** Changes before, during and after the reconnects. */
const WRITES = 30;

/** Starts many items, some concurrently, as in a fleet. */
async function inTurn<Item>(items: readonly Item[], start: (item: Item) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async () => {
    for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) await start(item);
  };
  await Promise.all(Array.from({ length: 50 }, worker));
}

/** Writes until there is an answer: a registry that is down answers later. A repeated write changes nothing. */
async function write(registry: RunningRegistry, id: string): Promise<void> {
  await until(`${id} is written`, () =>
    put(registry, WATCHED, id, 80).then(
      () => true,
      () => false,
    ),
  );
}

it(
  `[I5, W3, W4, W5, T4] ${WATCHERS} watchers and ${SESSIONS} sessions that are cut off together reconnect with no 5xx and no loss`,
  async () => {
    const registry = await startRegistry({ data: temporaryFolder() });
    onTestFinished(() => registry.stop());
    const openFiles = Number(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }));
    expect(Math.min(registry.connectionLimit, openFiles), 'ulimit -n').toBeGreaterThan(WATCHERS + SESSIONS + 50);

    const watchers = Array.from({ length: WATCHERS }, () => new Follower({ place: registry, services: [WATCHED] }));
    const holders = Array.from(
      { length: SESSIONS },
      (_, index) => new SessionHolder({ place: registry, service: HELD, ids: [`held-${index}`], ttlMs: TTL_MS }),
    );
    const overHeld = new Follower({ place: registry, services: [HELD] });
    onTestFinished(() => {
      for (const one of [...watchers, overHeld]) one.stop();
      for (const holder of holders) holder.die();
    });
    await inTurn(holders, (holder) => holder.start());
    await overHeld.start();
    await inTurn(watchers, (watcher) => watcher.start());
    await until('all have their snapshot', () =>
      [...watchers, overHeld].every(({ replica }) => replica.snapshots === 1),
    );
    for (let index = 0; index < WRITES; index++) await write(registry, `before-${index}`);
    await until('all have every change', () => watchers.every(({ replica }) => replica.changes.length === WRITES));

    const spreads = watchers.map(({ reconnectWithinMs }) => reconnectWithinMs);
    const cutAt = performance.now();
    const restarted = registry.kill('SIGKILL');
    for (let index = 0; index < WRITES; index++) {
      await write(registry, `during-${index}`);
      await sleep(50);
    }
    await restarted;
    const expected = 2 * WRITES;
    await until('all are back', () => watchers.every(({ replica }) => replica.changes.length >= expected), 120_000);
    const took = performance.now() - cutAt;
    for (let index = 0; index < WRITES; index++) await write(registry, `after-${index}`);
    await until('all have every change again', () =>
      watchers.every(({ replica }) => replica.changes.length >= 3 * WRITES),
    );
    console.log(
      `back with everything ${Math.round(took)} ms after the cut; asked to reconnect within ${Math.max(...spreads)} ms`,
    );
    // A session that was not resumed would have expired by now.
    await sleep(TTL_MS + 4_000);

    const all = (await idsOf(registry, WATCHED)).map((id) => `put ${id}`);
    expect(all).toHaveLength(3 * WRITES);
    for (const { replica, ends, refusals } of watchers) {
      expect(replica.violations).toEqual([]);
      expect(replica.changes.map(({ type, id }) => `${type} ${id}`).sort()).toEqual(all);
      // It resumed at its cursor: a second snapshot would be needless work for the registry.
      expect([replica.snapshots, replica.resets]).toEqual([1, 0]);
      expect(ends.length).toBe(1);
      expect(refusals).toEqual([]);
    }
    expect(overHeld.replica.changes).toEqual([]);
    expect(holders.flatMap(({ refusals }) => refusals)).toEqual([]);
    expect(holders.map(({ resumes, losses }) => [resumes, losses])).toEqual(holders.map(() => [1, 0]));
    expect(await idsOf(registry, HELD)).toHaveLength(SESSIONS);
  },
  TIMEOUT_MS,
);
