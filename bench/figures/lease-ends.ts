import { setTimeout as sleep } from 'node:timers/promises';
import { readJsonText } from '../../src/model/json';
import type { NamespaceApi } from '../../src/model/namespace-api';
import { BenchServer } from '../bench-server';
import type { Bench, Figure, Finding } from '../figure';
import { changeStopped } from '../long-journal';
import { instancePath, NAMESPACE_PATH } from '../population';
import { referenceInstance } from '../reference-instance';
import { residentBytes } from '../resident-memory';
import { median, spread } from '../statistics';

const COUNT = 100_000;

/** Length of a value. */
const SIZE_BYTES = 100;

/** Calls that share a write while a namespace is filled. */
const GROUP_COUNT = 2_000;

/** Time to live of the leases. A restart starts all of them again. */
const TTL_MS = 20_000;

/** Number of calls of the probe whose median is the usual time of one. */
const USUAL_CALLS = 200;

const keyOf = (n: number): string => `held/${String(n).padStart(6, '0')}`;

const ROOT = { tokenId: 'root', operates: true };

/** Runs calls for all entries. */
async function forEach(call: (n: number) => Promise<unknown>): Promise<void> {
  for (let first = 0; first < COUNT; first += GROUP_COUNT) {
    await Promise.all(Array.from({ length: GROUP_COUNT }, (_, index) => call(first + index)));
  }
}

async function grant(registry: NamespaceApi): Promise<string> {
  return readJsonText((await registry.grantLease(ROOT, { ttlMs: TTL_MS })).body).id;
}

/** Puts all entries. @param leaseOf Returns the lease of an entry by its number. */
function putAll(registry: NamespaceApi, leaseOf: (n: number) => string): Promise<void> {
  const value = 'x'.repeat(SIZE_BYTES);
  return forEach((n) => registry.putEntry(ROOT, { key: keyOf(n), value, lease: leaseOf(n), precondition: {} }));
}

/** Puts all entries on one lease. */
async function fillOne(registry: NamespaceApi): Promise<void> {
  const lease = await grant(registry);
  await putAll(registry, () => lease);
}

/** Puts each entry on a lease of its own. */
async function fillMany(registry: NamespaceApi): Promise<void> {
  const leases: string[] = [];
  await forEach(async (n) => {
    leases[n] = await grant(registry);
  });
  await putAll(registry, (n) => leases[n] ?? '');
}

/** Changes an instance. Returns the time until the change was durable, in milliseconds. */
async function timedChange(server: BenchServer, generation: number): Promise<number> {
  const began = performance.now();
  await server.must('PUT', instancePath(0), JSON.stringify(referenceInstance(0, { generation, longLease: true })));
  return performance.now() - began;
}

async function heldCount(server: BenchServer): Promise<number> {
  const text = await server.must('GET', `${NAMESPACE_PATH}/kv?prefix=held/&countOnly=true`);
  // Only the count is read.
  return (JSON.parse(text) as { count: number }).count;
}

/** How leases ended. */
interface End {
  /** Longest time of a change of something else meanwhile, in milliseconds. */
  longestMs: number;
  usualMs: number;
  /** Time from the first end, or the last moment before it, to the last. */
  totalMs: number;
  rows: number;
  revisions: number;
  /** Additional memory of the process at its peak, in megabytes. */
  memoryMb: number;
}

/** Restarts a registry with leases, and waits until they have ended, while another client changes something. */
async function ended({ workspace, programs }: Bench, fill: (registry: NamespaceApi) => Promise<void>): Promise<End> {
  const first = await BenchServer.start({ workspace, program: programs.registry });
  await timedChange(first, 0);
  await first.stop();
  await changeStopped(first.storage, fill);
  const server = await BenchServer.start({ workspace, program: programs.registry, storage: first.storage });
  const usual: number[] = [];
  let generation = 0;
  while (usual.length < USUAL_CALLS) usual.push(await timedChange(server, ++generation));
  await sleep(TTL_MS / 2);
  const made = generation;
  const { sinceStart, revision } = await server.stats();
  const memory = residentBytes(server.pid);
  let [peak, longestMs, lastWhole, lastOf] = [memory, 0, performance.now(), COUNT];
  for (;;) {
    longestMs = Math.max(longestMs, await timedChange(server, ++generation));
    peak = Math.max(peak, residentBytes(server.pid));
    lastOf = await heldCount(server);
    if (lastOf === 0) break;
    if (lastOf === COUNT) lastWhole = performance.now();
  }
  const totalMs = performance.now() - lastWhole;
  const after = await server.stats();
  await server.stop();
  const changes = generation - made;
  return {
    longestMs,
    usualMs: median(usual),
    totalMs,
    rows: after.sinceStart.rowsWritten - sinceStart.rowsWritten - 2 * changes,
    revisions: after.revision - revision - changes,
    memoryMb: (peak - memory) / 1_000_000,
  };
}

/** Measures the end of a lease with 100,000 entries, and of 100,000 leases with one each, all at once. */
export const leaseEnds: Figure = {
  name: 'lease-ends',
  async measure(bench: Bench): Promise<Finding[]> {
    const findings: Finding[] = [];
    for (const [what, fill] of [
      ['One lease with 100,000 entries ends', fillOne],
      ['100,000 leases with an entry each end at once', fillMany],
    ] as const) {
      // One round: it fills a registry, and waits for the leases.
      const end = await ended(bench, fill);
      bench.log(`lease-ends, ${what}: ${JSON.stringify(end)}`);
      const finding = (title: string, unit: string, value: number, note: string): Finding => {
        return { figure: 'lease-ends', title: `${what}: ${title}`, unit, value: spread([value]), note };
      };
      findings.push(
        finding(
          'longest change of an instance meanwhile',
          'ms',
          end.longestMs,
          `usually ${end.usualMs.toFixed(2)} ms; includes the longest turn`,
        ),
        finding('until all are gone', 'ms', end.totalMs, 'beside a client that changes and counts'),
        finding('rows', 'rows', end.rows, `in ${end.revisions} revisions`),
        finding('memory', 'MB', end.memoryMb, 'of the process at its peak, above that before'),
      );
    }
    return findings;
  },
};
