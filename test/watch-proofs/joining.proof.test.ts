import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { startRegistry } from '../programs/registry';
import { temporaryFolder } from '../programs/temporary-folder';
import { Follower } from './follower';
import { call, idsOf, instancePath, put } from './registry-calls';
import { until } from './until';

const SERVICE = 'orders';
const WATCHERS = 40;
const WRITERS = 4;

it('[W4, W10] a watch that starts during writes has everything: no change is lost between snapshot and changes', async () => {
  const registry = await startRegistry({ data: temporaryFolder() });
  onTestFinished(() => registry.stop());
  // Large instances, so that the snapshot comes in parts, with time for writes in between.
  const metadata = { filler: 'x'.repeat(8_000) };
  const large = { op: 'register', service: SERVICE, address: '127.0.0.1', port: 80, ephemeral: false, metadata };
  const operations = Array.from({ length: 100 }, (_, index) => ({ ...large, id: `base-${index}` }));
  await call(registry, 'POST', '/batch', { operations });
  const watchers: Follower[] = [];
  onTestFinished(() => {
    for (const watcher of watchers) watcher.stop();
  });

  let isOver = false;
  let writes = 0;
  const write = async (writer: number) => {
    for (let turn = 0; !isOver; turn++) {
      await put(registry, SERVICE, `${writer}-${turn}`, 80);
      if (turn % 3 === 2) await call(registry, 'DELETE', instancePath(SERVICE, `${writer}-${turn - 1}`));
      writes += 1;
    }
  };
  const writing = Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
  for (let index = 0; index < WATCHERS; index++) {
    const watcher = new Follower({ place: registry, services: [SERVICE] });
    watchers.push(watcher);
    await watcher.start();
    const before = writes;
    await sleep(Math.random() * 40);
    await until('more is written', () => writes > before + 2);
  }
  isOver = true;
  await writing;
  await put(registry, SERVICE, 'end', 80);
  await until('all have the last change', () => watchers.every(({ replica }) => replica.changes.at(-1)?.id === 'end'));

  const all = await idsOf(registry, SERVICE);
  // The first watcher received nearly all changes: each of the others received the rest of them from its own start.
  const [first] = watchers;
  const whole = (first?.replica.changes ?? []).map(({ type, id }) => `${type} ${id}`);
  for (const { replica } of watchers) {
    expect(replica.violations).toEqual([]);
    expect(replica.snapshots).toBe(1);
    expect([...replica.instances.values()].map(({ view }) => view.id).sort()).toEqual(all);
    expect(replica.changes.map(({ type, id }) => `${type} ${id}`)).toEqual(whole.slice(-replica.changes.length));
  }
  // The test would prove nothing without writes in between.
  expect(new Set(watchers.map(({ replica }) => replica.changes.length)).size).toBeGreaterThan(WATCHERS / 3);
  expect(writes).toBeGreaterThan(100);
});
