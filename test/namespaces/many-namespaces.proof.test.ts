import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { residentBytes } from '../../bench/resident-memory';
import { namespaceFile } from '../../src/host/resident/data-files';
import { STORAGE_NAME } from '../../src/launcher/data-folder';
import { ServedRegistry } from '../faults/served-registry';
import { processorSeconds } from '../programs/process-state';
import { temporaryFolder } from '../programs/temporary-folder';
import { Beats, forEach, NamespaceCalls } from './namespace-calls';

/**
 * Tests many namespaces in one process, some of them busy. The full size takes minutes: `NAMESPACES=9999 BUSY=100 npm run
 * test:ci -- many-namespaces`.
 */

const NAMESPACES = Number(process.env.NAMESPACES ?? 300);
const BUSY = Number(process.env.BUSY ?? 20);
const TIMEOUT_MS = 240_000 + 100 * NAMESPACES;

/** Number of namespaces with a lease that ends while they sleep. */
const LEASED = 20;
/** Long enough for a namespace to fall asleep well before the lease ends, even on a slow machine. */
const LEASE_MS = 30_000;

/** Descriptor limit of the registry, and the resulting number of idle namespaces that it keeps open. */
const DESCRIPTORS = 4_000;
const AWAKE = 96;

/** Descriptors of an open namespace: the database, its log and the like. */
const DESCRIPTORS_EACH = 5;
/** Descriptors of the listener, the connections of this test, the directory and the runtime. */
const DESCRIPTORS_BESIDE = 400;

const MIB = 1024 * 1024;
/** Memory of an empty process, and memory limit of each open namespace. */
const PROCESS_BYTES = 250 * MIB;
const NAMESPACE_BYTES = MIB;
/** Memory that remains of a sleeping namespace: its existence and its next due time. */
const SLEEPER_BYTES = 8 * 1024;

/** Share of one processor that busy namespaces may use, with one call a second each. */
const PROCESSOR_SHARE = 0.75;
const MEASURED_MS = 10_000;

/** Returns when a namespace's database or its log was last written, in milliseconds since the epoch. */
function writtenAt(data: string, ns: string): number {
  const path = join(data, STORAGE_NAME, namespaceFile(ns));
  const times = ['', '-wal'].map((end) => statSync(path + end, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  return Math.max(...times);
}

it(
  `[L9, I10] ${NAMESPACES} namespaces, ${BUSY} of them busy: each answers, leases in idle ones end, and their cost is bounded`,
  async () => {
    const registry = await ServedRegistry.start(temporaryFolder(), { descriptors: DESCRIPTORS });
    onTestFinished(() => registry.kill());
    const calls = new NamespaceCalls(registry);
    const names = Array.from({ length: NAMESPACES }, (_, index) => ({
      ns: `many-${index}`,
      port: 1 + (index % 60_000),
    }));
    const descriptors = () => readdirSync(`/proc/${registry.pid}/fd`).length;
    const bytes = () => residentBytes(registry.pid);

    await forEach('made', names, async ({ ns, port }) => {
      await calls.call('POST', '', { id: ns });
      await calls.register(ns, 'stays', { port, ephemeral: false });
    });

    const busy = names.slice(0, BUSY);
    await forEach('busy', busy, ({ ns }) => calls.register(ns, 'beats', { port: 60_001, lease: { ttlMs: 15_000 } }));
    const beats = new Beats(
      busy.map(({ ns }) => () => {
        return calls.call('POST', `/${ns}/groups/DEFAULT_GROUP/services/orders/instances/beats/heartbeat`);
      }),
      1_000,
    );
    onTestFinished(() => beats.stop());

    const leased = names.slice(BUSY, BUSY + LEASED);
    const dueAt = new Map<string, number>();
    await forEach('leased', leased, async ({ ns }) => {
      dueAt.set(ns, Date.now() + LEASE_MS);
      await calls.register(ns, 'lapses', { port: 60_002, lease: { ttlMs: LEASE_MS } });
    });
    // Call more namespaces than may stay awake, so that the others go to sleep.
    const later = names.slice(BUSY + LEASED, BUSY + LEASED + AWAKE + 100);
    await forEach('asked', later, async ({ ns, port }) => expect(await calls.ports(ns), ns).toEqual([port]));

    // Excess namespaces are closed a few at a time.
    const descriptorsMost = DESCRIPTORS_EACH * (AWAKE + BUSY) + DESCRIPTORS_BESIDE;
    await expect.poll(descriptors).toBeLessThan(descriptorsMost);
    const startedAt = performance.now();
    const processorBefore = processorSeconds(registry.pid);
    await sleep(MEASURED_MS);
    const share = ((processorSeconds(registry.pid) - processorBefore) * 1_000) / (performance.now() - startedAt);
    const held = { descriptors: descriptors(), bytes: bytes() };

    // No request wakes these namespaces: a write to the file proves that the registry itself handled the lease.
    const due = ({ ns }: { ns: string }) => dueAt.get(ns) ?? 0;
    const seenTo = () => leased.filter((each) => writtenAt(registry.data, each.ns) >= due(each));
    await expect.poll(seenTo, { timeout: 120_000, interval: 1_000 }).toHaveLength(LEASED);
    const late: number[] = [];
    for (const each of leased) {
      expect(await calls.wokeAt(each.ns), each.ns).toBeGreaterThan(due(each) - LEASE_MS);
      // A process that was too busy to listen extends a lease.
      await expect.poll(() => calls.expiredAt(each.ns, 'lapses')).toBeDefined();
      late.push(((await calls.expiredAt(each.ns, 'lapses')) ?? 0) - due(each));
    }
    expect(Math.min(...late)).toBeGreaterThanOrEqual(0);

    await forEach('asked', names, async ({ ns, port }) => {
      expect(
        (await calls.ports(ns)).filter((each) => each <= 60_000),
        ns,
      ).toEqual([port]);
    });
    await expect.poll(descriptors).toBeLessThan(descriptorsMost);
    await beats.stop();
    expect(beats.failures).toEqual([]);
    for (const { ns, port } of busy) expect((await calls.ports(ns)).sort(), ns).toEqual([port, 60_001].sort());

    const slowest = beats.took.sort((one, other) => one - other);
    console.log(
      `${NAMESPACES} namespaces, ${BUSY} busy: ${held.descriptors} descriptors, ${Math.round(held.bytes / MIB)} MiB ` +
        `(${Math.round(bytes() / MIB)} after a call to each), ${(100 * share).toFixed(0)} % of a processor; ` +
        `${beats.took.length} heartbeats, p50 ${slowest[Math.floor(slowest.length / 2)]?.toFixed(1)} ms, ` +
        `p99 ${slowest[Math.floor(slowest.length * 0.99)]?.toFixed(0)} ms; leases in idle ones ended up to ${Math.max(...late)} ms late`,
    );
    expect(held.bytes).toBeLessThan(PROCESS_BYTES + NAMESPACE_BYTES * (AWAKE + BUSY) + SLEEPER_BYTES * NAMESPACES);
    expect(share).toBeLessThan(PROCESSOR_SHARE);
  },
  TIMEOUT_MS,
);
