import { setTimeout as sleep } from 'node:timers/promises';
import { BenchServer } from '../bench-server';
import type { Bench, Figure, Finding } from '../figure';
import { instancePath, NAMESPACE_PATH } from '../population';
import { referenceInstance } from '../reference-instance';
import { residentBytes } from '../resident-memory';
import { median, spread } from '../statistics';

const COUNT = 100_000;

/** Length of a value. */
const SIZE_BYTES = 100;

/** Puts of one transaction, as many as the registry allows. */
const TRANSACTION_PUTS = 128;

/** Calls at the same time while a namespace is filled. */
const FILLERS = 32;

/** Time to live of the leases, longer than it takes to fill a namespace. A restart starts all of them again. */
const TTL_MS = 120_000;

/** Number of calls of the probe whose median is the usual time of one. */
const USUAL_CALLS = 200;

const keyOf = (n: number): string => `held/${String(n).padStart(6, '0')}`;

/** Runs `work` for each number below `count`, several at a time. */
async function forEach(count: number, work: (n: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const filler = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: FILLERS }, filler));
}

async function grant(server: BenchServer): Promise<string> {
  const text = await server.must('POST', `${NAMESPACE_PATH}/leases`, JSON.stringify({ ttlMs: TTL_MS }));
  // Only the id is read.
  return (JSON.parse(text) as { id: string }).id;
}

/** Puts all entries. @param leaseOf Returns the lease of an entry by its number. */
async function putAll(server: BenchServer, leaseOf: (n: number) => string): Promise<void> {
  const value = 'x'.repeat(SIZE_BYTES);
  await forEach(Math.ceil(COUNT / TRANSACTION_PUTS), async (part) => {
    const first = part * TRANSACTION_PUTS;
    const members = Array.from({ length: Math.min(TRANSACTION_PUTS, COUNT - first) }, (_, index) => first + index);
    const then = members.map((n) => ({ op: 'put', key: keyOf(n), value, lease: leaseOf(n) }));
    await server.must('POST', `${NAMESPACE_PATH}/transaction`, JSON.stringify({ then }));
  });
}

/** Puts all entries on one lease. */
async function fillOne(server: BenchServer): Promise<void> {
  const lease = await grant(server);
  await putAll(server, () => lease);
}

/** Puts each entry on a lease of its own. */
async function fillMany(server: BenchServer): Promise<void> {
  const leases: string[] = [];
  await forEach(COUNT, async () => leases.push(await grant(server)));
  await putAll(server, (n) => leases[n] ?? '');
}

/** Changes an instance. Returns the time until the change was durable, in milliseconds. */
async function timedChange(server: BenchServer, generation: number): Promise<number> {
  const began = performance.now();
  await server.must('PUT', instancePath(0), JSON.stringify(referenceInstance(0, { generation, longLease: true })));
  return performance.now() - began;
}

async function heldCount(server: BenchServer): Promise<number> {
  const text = await server.must('GET', `${NAMESPACE_PATH}/kv?prefix=held/&count=true`);
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
async function ended({ workspace, programs }: Bench, fill: (server: BenchServer) => Promise<void>): Promise<End> {
  const first = await BenchServer.start({ workspace, program: programs.registry });
  await fill(first);
  await first.stop();
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
      // One round: it fills a registry, and waits for two minutes.
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
