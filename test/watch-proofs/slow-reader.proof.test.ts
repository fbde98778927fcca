import { expect, it, onTestFinished } from 'vitest';
import { residentBytes } from '../../bench/resident-memory';
import { type RunningRegistry, startRegistry } from '../programs/registry';
import { temporaryFolder } from '../programs/temporary-folder';
import { Follower } from './follower';
import { call, idsOf } from './registry-calls';
import { RegistrySocket } from './registry-socket';
import { Replica } from './replica';
import { until } from './until';
import { BROKEN } from './web-socket';

/** A client that reads slowly, or not at all, costs the registry no more than its credit: the protocol bounds the memory. */

const MIB = 1024 * 1024;
const SERVICE = 'large';
/** About 8 KiB, both stored and in frames. */
const METADATA = { filler: 'x'.repeat(8_000) };
const BATCH = 250;

async function started(): Promise<RunningRegistry> {
  const registry = await startRegistry({ data: temporaryFolder() });
  onTestFinished(() => registry.stop());
  return registry;
}

/** Registers a number of large instances, each with a mark; 250 of them are 2 MiB. */
async function writeLarge(registry: RunningRegistry, count: number, mark: string): Promise<void> {
  const register = (index: number) => ({
    op: 'register',
    service: SERVICE,
    id: `i-${index}`,
    address: '127.0.0.1',
    port: 80,
    ephemeral: false,
    metadata: { ...METADATA, mark },
  });
  for (let from = 0; from < count; from += BATCH) {
    const operations = Array.from({ length: Math.min(BATCH, count - from) }, (_, index) => register(from + index));
    await call(registry, 'POST', '/batch', { operations });
  }
}

/** Opens a watcher that reads until it is paused, and neither grants credit nor answers marks. */
async function watched(registry: RunningRegistry): Promise<{ socket: RegistrySocket; replica: Replica }> {
  const socket = await RegistrySocket.open(registry);
  onTestFinished(() => socket.destroy());
  const replica = new Replica();
  socket.answersMarks = false;
  socket.onFrame = (frame) => replica.apply(frame);
  await socket.ask({ type: 'watch', watch: 'w', scope: {} });
  return { socket, replica };
}

it('[W12, W13] a watcher that grants no credit is closed with 4008, and misses nothing after it resumes', async () => {
  const registry = await started();
  await writeLarge(registry, 1, 'first');
  const { socket, replica } = await watched(registry);
  await until('it has its snapshot', () => replica.snapshots === 1);
  await writeLarge(registry, 1_500, 'second');
  const { code } = await socket.closed;
  expect(code).toBe(4008);
  const had = replica.changes.length;
  expect(had).toBeGreaterThan(200);
  expect(had).toBeLessThan(1_000);

  const follower = new Follower({ place: registry }, replica);
  await follower.start();
  onTestFinished(() => follower.stop());
  await until('it has the rest', () => replica.changes.length === 1_500);
  expect(replica.violations).toEqual([]);
  expect(replica.snapshots).toBe(1);
  expect([...replica.instances.values()].map(({ view }) => view.id).sort()).toEqual(await idsOf(registry, SERVICE));
  expect(new Set([...replica.instances.values()].map(({ view }) => view.metadata.mark))).toEqual(new Set(['second']));
});

/** Writes 48 MiB of changes, and returns the maximum growth of the registry's memory meanwhile, in bytes. */
async function growthWhileWriting(registry: RunningRegistry, mark: string): Promise<number> {
  const before = residentBytes(registry.pid);
  let most = before;
  for (let round = 0; round < 12; round++) {
    await writeLarge(registry, 500, `${mark}-${round}`);
    most = Math.max(most, residentBytes(registry.pid));
  }
  return most - before;
}

it('[W13] readers that stop reading cost no more than their credit, however much is written', async () => {
  const registry = await started();
  // Writes alone make the engine's memory grow: only the growth due to readers counts.
  const alone = await growthWhileWriting(registry, 'alone');
  const readers = await Promise.all(Array.from({ length: 10 }, () => watched(registry)));
  const ends = Promise.all(readers.map(({ socket }) => socket.closed));
  for (const { socket } of readers) socket.pause();
  const grown = (await growthWhileWriting(registry, 'read')) - alone;
  console.log(`10 readers that do not read, 48 MiB of changes: ${Math.round(grown / MIB)} MiB more memory at most`);
  // Each had a credit of 4 MiB, and got the rest of a revision beyond that. Without flow control it would be 52 MiB each.
  expect(grown).toBeLessThan(150 * MIB);
  for (const { socket } of readers) socket.resume();
  for (const { code } of await ends) expect([4008, BROKEN]).toContain(code);
});

it('[W10] a watcher receives 30 MiB from the snapshot on, during writes', async () => {
  const registry = await started();
  await writeLarge(registry, 3_900, 'first');
  const follower = new Follower({ place: registry });
  await follower.start();
  onTestFinished(() => follower.stop());
  // Less than the backlog limit: more would disconnect it whenever its credit is used up, which is most of the time here.
  await writeLarge(registry, 300, 'second');
  await until('it has every change', () => {
    const marks = [...follower.replica.instances.values()].map(({ view }) => view.metadata.mark);
    return marks.length === 3_900 && marks.filter((mark) => mark === 'second').length === 300;
  });
  const { replica, ends } = follower;
  expect(replica.violations).toEqual([]);
  expect([replica.snapshots, replica.resets, ends.length]).toEqual([1, 0, 0]);
  expect([...replica.instances.values()].map(({ view }) => view.id).sort()).toEqual(await idsOf(registry, SERVICE));
});
