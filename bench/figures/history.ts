import { BenchServer } from '../bench-server';
import type { Bench, Figure, Finding } from '../figure';
import { lengthenJournal } from '../long-journal';
import { instancePath, NAMESPACE_PATH, placeOf, servicePath } from '../population';
import { median, ratios, spread } from '../statistics';

const INSTANCES = 10_000;

/** Maximum number of revisions in the journal. The reads walk back over its last two stretches. */
const REVISIONS = 200_000;
const STRETCH = 10_000;

/** Number of the first instance of the first service with a hundred instances. */
const SERVICE_FIRST = 200;
const SERVICE_COUNT = 100;

const WARM_UP_READS = 500;

/** Number of reads in one round, whose median counts. */
const READS = 10;

/** Returns the median client-side time of several reads, in milliseconds. */
async function timed(
  server: BenchServer,
  path: (read: number) => string,
  check: (answer: string) => void,
): Promise<number> {
  const times: number[] = [];
  for (let read = 0; read < READS; read++) {
    const began = performance.now();
    const answer = await server.must('GET', path(read));
    times.push(performance.now() - began);
    check(answer);
  }
  return median(times);
}

/** A journal of 200,000 revisions, and two points in time in it. */
interface LongPast {
  server: BenchServer;
  /** Time since which all instances have changed in turn. */
  mixedSince: string;
  /** Time since which only one service has changed. */
  ownSince: string;
}

async function prepare(bench: Bench): Promise<LongPast> {
  const { workspace } = bench;
  const first = await BenchServer.start({ workspace, program: bench.programs.registry });
  // Creates the files.
  await first.stats();
  await first.stop();
  const anyOf = (n: number) => n % INSTANCES;
  const [mixedSince = '', ownSince = ''] = await lengthenJournal(first.storage, [
    { revisions: REVISIONS - 2 * STRETCH, instance: anyOf },
    { revisions: STRETCH, instance: anyOf },
    { revisions: STRETCH, instance: (n) => SERVICE_FIRST + (n % SERVICE_COUNT) },
  ]);
  const server = await BenchServer.start({ workspace, program: bench.programs.registry, storage: first.storage });
  bench.log(`history: the journal has ${(await server.stats()).revision} revisions`);
  return { server, mixedSince, ownSince };
}

/** Measures reads of a long history: of one instance, relative to a plain read, and of a service at a past revision. */
export const history: Figure = {
  name: 'history',
  async measure(bench: Bench): Promise<Finding[]> {
    const { server, mixedSince, ownSince } = await prepare(bench);
    const path = servicePath(placeOf(SERVICE_FIRST).service);
    const checkList = (answer: string) => {
      // Only the number of members is read.
      const { instances } = JSON.parse(answer) as { instances: unknown[] };
      if (instances.length !== SERVICE_COUNT) throw new Error(`the list shows ${instances.length} instances`);
    };
    const historyOf = (n: number) => {
      const { service, id } = placeOf(n);
      return `${NAMESPACE_PATH}/history?service=${service}&instance=${id}`;
    };
    const plain: number[] = [];
    const histories: number[] = [];
    const mixed: number[] = [];
    const own: number[] = [];
    const now: number[] = [];
    let entryCount = 0;
    // Other figures warm up under load, but these are single calls.
    for (let read = 0; read < WARM_UP_READS; read++) {
      await server.must('GET', instancePath(read));
      await server.must('GET', historyOf(read));
    }
    // Round 0 is a warm-up too.
    for (let round = 0; round <= bench.rounds; round++) {
      const n = (read: number) => 1_000 + round * READS + read;
      const oneRound = [
        await timed(
          server,
          (read) => instancePath(n(read)),
          () => {},
        ),
        await timed(
          server,
          (read) => historyOf(n(read)),
          (answer) => {
            entryCount = (JSON.parse(answer) as { entries: unknown[] }).entries.length; // `as`: counted only
          },
        ),
        await timed(server, () => `${path}/instances?at=${mixedSince}`, checkList),
        await timed(server, () => `${path}/instances?at=${ownSince}`, checkList),
        await timed(server, () => `${path}/instances`, checkList),
      ];
      if (round === 0) continue;
      for (const [index, times] of [plain, histories, mixed, own, now].entries())
        times.push(oneRound[index] ?? Number.NaN);
    }
    await server.stop();
    const note = "one call at a time from Node, including the client's own cost";
    bench.log(
      `history: ${entryCount} entries ${median(histories).toFixed(2)} ms, plain read ${median(plain).toFixed(2)} ms`,
    );
    bench.log(
      `history: as of ${median(mixed).toFixed(2)} ms, all its own ${median(own).toFixed(2)} ms, now ${median(now).toFixed(2)} ms`,
    );
    return [
      {
        figure: 'history',
        title: `History of one instance, ${entryCount} changes in 200,000 revisions`,
        unit: 'ms',
        value: spread(histories),
        floor: { name: 'plain read', value: spread(plain) },
        ratio: spread(ratios(histories, plain)),
        goal: { of: 'ratio', atMost: 5 },
        note,
      },
      {
        figure: 'history',
        title: 'List of 100 as of 20,000 revisions back, 10,100 of them its own',
        unit: 'ms',
        value: spread(mixed),
        note,
      },
      {
        figure: 'history',
        title: 'List of 100 as of 10,000 revisions back, all of them its own',
        unit: 'ms',
        value: spread(own),
        floor: { name: 'now', value: spread(now) },
        ratio: spread(ratios(own, now)),
        goal: { of: 'value', atMost: 20 },
        note,
      },
    ];
  },
};
