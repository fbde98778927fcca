import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PROJECT_ROOT } from '../house/source-tree';
import { Program } from '../programs/program';
import { type RunningRegistry, startRegistry } from '../programs/registry';
import { temporaryFolder } from '../programs/temporary-folder';
import { Follower } from './follower';
import { HalfOpenProxy } from './half-open-proxy';
import { idsOf } from './registry-calls';
import { type Holding, SessionHolder } from './session-holder';
import { until } from './until';

/** Tests sessions of real processes over real connections. The bounds allow for a busy machine. */

const SERVICE = 'held';
const TTL_MS = 5_000;
/** Delay of an alarm, and of a test on a busy machine. */
const NOISE_MS = 10_000;

const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

interface Stage {
  registry: RunningRegistry;
  watcher: Follower;
  holding: (ids: string[]) => Holding;
}

async function stage(): Promise<Stage> {
  const registry = await startRegistry({ data: temporaryFolder() });
  onTestFinished(() => registry.stop());
  const watcher = new Follower({ place: registry });
  await watcher.start();
  onTestFinished(() => watcher.stop());
  return { registry, watcher, holding: (ids) => ({ place: registry, service: SERVICE, ids, ttlMs: TTL_MS }) };
}

/** Starts a holder in this process; it ends with the test. */
async function held(holding: Holding): Promise<SessionHolder> {
  const holder = new SessionHolder(holding);
  await holder.start();
  onTestFinished(() => holder.die());
  return holder;
}

/** Returns the ids that a watcher saw removed for a cause. */
function goneFor({ watcher }: Stage, cause: string): string[] {
  const gone = watcher.replica.changes.filter((change) => change.type === 'delete' && change.cause === cause);
  return gone.map(({ id }) => id).sort();
}

/** Returns how long it takes until instances are gone, in milliseconds from now. */
async function timeUntilGone(on: Stage, ids: string[]): Promise<number> {
  const from = performance.now();
  await until(`${ids} are gone`, () => {
    const gone = new Set(goneFor(on, 'expired'));
    return ids.every((id) => gone.has(id));
  });
  return performance.now() - from;
}

describe('a session on one socket', () => {
  it('[T1, T3] expires within its ttl when the process is killed', async () => {
    const on = await stage();
    const ids = names('a', 50);
    const words = [join(PROJECT_ROOT, 'scripts/run-typescript.js'), 'test/watch-proofs/hold.ts', '--'];
    const { url, rootToken } = on.registry;
    const holding = { ...on.holding(ids), place: { url, rootToken } };
    const process = new Program('node', [...words, JSON.stringify(holding)], { cwd: PROJECT_ROOT });
    await process.prints(/holding/);
    // Longer than its ttl: the pings keep it alive.
    await sleep(TTL_MS + 1_000);
    expect(await idsOf(on.registry, SERVICE)).toEqual([...ids].sort());
    process.kill('SIGKILL');
    const took = await timeUntilGone(on, ids);
    // A broken socket does not end the session: the process may be reconnecting.
    expect(took).toBeGreaterThan(TTL_MS / 3);
    expect(took).toBeLessThan(TTL_MS + NOISE_MS);
    expect(await idsOf(on.registry, SERVICE)).toEqual([]);
  });

  it('[T2] ends at once when the socket is closed with 4000', async () => {
    const on = await stage();
    const ids = names('a', 50);
    const holder = await held({ ...on.holding(ids), ttlMs: 600_000 });
    await holder.end();
    expect(await idsOf(on.registry, SERVICE)).toEqual([]);
    await until('the watcher knows', () => goneFor(on, 'session-closed').length === ids.length);
    // All of them are one revision.
    const gone = on.watcher.replica.changes.filter(({ type }) => type === 'delete');
    expect(new Set(gone.map(({ revision }) => revision)).size).toBe(1);
  });

  it('[T3, T4, T6] expires within its ttl behind a half-open connection, unless it is resumed', async () => {
    const on = await stage();
    const proxy = await HalfOpenProxy.start(on.registry.url);
    onTestFinished(() => proxy.stop());
    const place = { url: proxy.url, rootToken: on.registry.rootToken };
    await held({ ...on.holding(['lost']), place });
    const back = await held({ ...on.holding(['back']), place });
    proxy.goDeaf();
    back.moveTo(on.registry);
    back.break();
    const took = await timeUntilGone(on, ['lost']);
    expect(took).toBeGreaterThan(TTL_MS / 3);
    expect(took).toBeLessThan(TTL_MS + NOISE_MS);
    // Closing the half-open connection removes nothing any more.
    await sleep(2 * TTL_MS);
    expect(back).toMatchObject({ resumes: 1, losses: 0 });
    expect(on.watcher.replica.changes.map(({ type, id }) => `${type} ${id}`)).toEqual([
      'put lost',
      'put back',
      'delete lost',
    ]);
  });
});

it('[T4, T7] an outage of twice the ttl expires no holder that reconnects, and all that died during it', async () => {
  const on = await stage();
  const { registry } = on;
  const live = await Promise.all(names('live', 100).map((id) => held(on.holding([id]))));
  const dying = await Promise.all(names('dying', 100).map((id) => held(on.holding([id]))));
  await until('the watcher knows all', () => on.watcher.replica.changes.length === 200);

  const outageAt = performance.now();
  // The frozen registry receives nothing from here on, and so has nothing to remember of it.
  process.kill(registry.pid, 'SIGSTOP');
  await registry.stop();
  for (const holder of dying) holder.die();
  await sleep(Math.max(0, 2 * TTL_MS - (performance.now() - outageAt)));
  const { data, url } = registry;
  const again = await startRegistry({ data, port: Number(new URL(url).port) });
  onTestFinished(() => again.stop());

  const took = await timeUntilGone(on, names('dying', 100));
  expect(took).toBeLessThan(2 * TTL_MS + NOISE_MS);
  console.log(`dead holders expired ${Math.round(took)} ms after the registry was back`);
  await sleep(2 * TTL_MS);
  const dead = names('dying', 100).sort();
  expect(goneFor(on, 'expired')).toEqual(dead);
  expect(on.watcher.replica.changes.filter(({ type }) => type === 'delete')).toHaveLength(100);
  expect(on.watcher.replica.violations).toEqual([]);
  expect(await idsOf(again, SERVICE)).toEqual(names('live', 100).sort());
  expect(live.map(({ losses }) => losses)).toEqual(live.map(() => 0));
  expect(live.flatMap(({ refusals }) => refusals)).toEqual([]);
});
