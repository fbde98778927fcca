import { BenchServer } from '../bench-server';
import type { Contest } from '../contest';
import type { Bench, Figure, Finding } from '../figure';
import { expect } from '../native-contests';
import { type PairedContest, pairedFigure } from '../paired-contest';
import { instancePath, NAMESPACE_PATH } from '../population';
import { referenceInstance } from '../reference-instance';
import { median, spread } from '../statistics';

/** Length of a value, and of the registration of an instance that it is compared with. */
const SIZE_BYTES = 1_024;

/** Number of entries, and of instances, that are read and changed in turn. */
const COUNT = 1_000;

const PREFIX = 'config/service/';
const keyOf = (n: number): string => `${PREFIX}${String(n % COUNT).padStart(5, '0')}`;
const entryPath = (n: number): string => `${NAMESPACE_PATH}/kv/${keyOf(n)}`;

/** Returns a value that differs from the one before it. */
const value = (n: number): string => String(n).padStart(SIZE_BYTES, '0');

/** Returns a registration of the size of a value, which differs from the one before it. */
function largeInstance(n: number): string {
  const definition = referenceInstance(n % COUNT, { generation: Math.floor(n / COUNT), longLease: true });
  const padded = (notes: string) =>
    JSON.stringify({ ...definition, metadata: { ...Object(definition.metadata), notes } });
  return padded('x'.repeat(SIZE_BYTES - padded('').length));
}

const putEntry = (n: number) => ({ path: entryPath(n), body: value(n) });
const putInstance = (n: number) => ({ path: instancePath(n % COUNT), body: largeInstance(n) });

/** Puts all entries, or all instances. */
async function fillBy(registry: BenchServer, request: (n: number) => { path: string; body: string }): Promise<void> {
  for (let n = 0; n < COUNT; n++) {
    const { path, body } = request(n);
    await registry.must('PUT', path, body);
  }
}

/** Settings of a contest in which each request is a change. Each thing has one of two contents in turn. */
const changes: Pick<Contest, 'population' | 'cycle' | 'method' | 'verify'> = {
  population: 0,
  cycle: 2 * COUNT,
  method: 'PUT',
  verify: (before, after, answered) => {
    const made = after.revision - before.revision;
    if (made < answered) throw new Error(`${answered} changes were answered, and ${made} revisions made`);
  },
};

const reads: Pick<Contest, 'population' | 'cycle' | 'method'> = { population: 0, cycle: COUNT, method: 'GET' };

const pairs: readonly PairedContest[] = [
  {
    contest: {
      ...reads,
      name: 'entry-read',
      title: 'Read an entry of 1 KiB',
      prepare: (registry) => fillBy(registry, putEntry),
      request: (n) => ({ path: entryPath(n) }),
      check: (answer) => expect(answer === value(0), 'a read returns the value', answer),
    },
    floor: {
      ...reads,
      name: 'entry-read-instance',
      title: 'Read an instance of 1 KiB',
      prepare: (registry) => fillBy(registry, putInstance),
      request: (n) => ({ path: instancePath(n % COUNT) }),
      check: (answer) => expect(answer.includes('"notes":"xxx'), 'a read returns the instance', answer),
    },
  },
  {
    contest: {
      ...changes,
      name: 'entry-put',
      title: 'Put an entry of 1 KiB, durable',
      prepare: (registry) => fillBy(registry, putEntry),
      // The first request differs from what is there.
      request: (n) => putEntry(n + COUNT),
      check: (answer) => expect(answer.includes('"version":2'), 'a put is a change', answer),
    },
    floor: {
      ...changes,
      name: 'entry-put-instance',
      title: 'Change an instance of 1 KiB, durable',
      prepare: (registry) => fillBy(registry, putInstance),
      request: (n) => putInstance(n + COUNT),
      check: (answer) => expect(answer.includes('"available":true'), 'an instance is available', answer),
    },
  },
];

/** Measures reading and putting an entry, relative to the same call for an instance of the same size. */
export const entries = pairedFigure('entries', pairs, { against: 'instance', atLeast: 0.9 });

/** Puts of a transaction that is compared with a single put. */
const TRANSACTION_PUTS = 10;

const TRANSACTIONS: PairedContest = {
  contest: {
    ...changes,
    name: 'transaction',
    title: `Transaction of a compare and ${TRANSACTION_PUTS} puts of 1 KiB, durable`,
    method: 'POST',
    prepare: (registry) => fillBy(registry, putEntry),
    request: (n) => {
      const keys = Array.from({ length: TRANSACTION_PUTS }, (_, index) => keyOf(n * TRANSACTION_PUTS + index));
      const compares = [{ key: keys[0], property: 'exists', operand: true }];
      const puts = keys.map((key) => ({ op: 'put', key, value: value(n + COUNT) }));
      return { path: `${NAMESPACE_PATH}/transaction`, body: JSON.stringify({ if: compares, do: puts }) };
    },
    check: (answer) => expect(answer.includes('"succeeded":true'), 'the compare holds', answer),
  },
  floor: {
    ...changes,
    name: 'transaction-put',
    title: 'Put an entry of 1 KiB, durable',
    prepare: (registry) => fillBy(registry, putEntry),
    request: (n) => putEntry(n + COUNT),
    check: (answer) => expect(answer.includes('"version":2'), 'a put is a change', answer),
  },
};

/** Measures a transaction of ten puts, relative to a single put. */
export const transactions = pairedFigure('transactions', [TRANSACTIONS], { against: 'put', atLeast: 1 / 3 });

/** Ranges of {@link COUNT} entries: what is measured, and the rest of the query. */
const RANGES = [
  ['with values of 1 KiB', ''],
  ['without values', '&keysOnly=true'],
] as const;

const rangePath = (query: string): string => `${NAMESPACE_PATH}/kv?prefix=${PREFIX}${query}`;

/** Number of other entries whose values fill the cache, so that those of a range are read from the file. */
const OTHERS = 8_000;

/** Puts in one transaction while the other entries are prepared. */
const OTHERS_AT_ONCE = 100;

async function fillCache(server: BenchServer): Promise<void> {
  for (let first = 0; first < OTHERS; first += OTHERS_AT_ONCE) {
    const puts = Array.from({ length: OTHERS_AT_ONCE }, (_, index) => {
      return { op: 'put', key: `other/${first + index}`, value: value(first + index) };
    });
    await server.must('POST', `${NAMESPACE_PATH}/transaction`, JSON.stringify({ do: puts }));
  }
}

/** Measures the time in which a single client gets a range, by the median of each round. */
async function rangeFinding(bench: Bench, server: BenchServer, what: string, query: string): Promise<Finding> {
  const path = rangePath(query);
  // Only the number of members is read.
  const { entries } = JSON.parse(await server.must('GET', path)) as { entries: unknown[] };
  if (entries.length !== COUNT) throw new Error(`the range has ${entries.length} entries`);
  const times: number[] = [];
  // Round 0 is a warm-up.
  for (let round = 0; round <= bench.rounds; round++) {
    const load = { method: 'GET', requests: [{ path }], connections: 1, seconds: bench.seconds } as const;
    const { requests, latencyMs } = await server.drive(load);
    if (requests === 0) throw new Error(`no range was answered within ${bench.seconds} s`);
    if (round > 0) times.push(latencyMs.median);
  }
  bench.log(`entry-range, ${what}: ${median(times).toFixed(2)} ms`);
  return {
    figure: 'entry-range',
    title: `Range of ${COUNT} entries, ${what}`,
    unit: 'ms',
    value: spread(times),
    ...(bench.programs.home === 'workerd' ? {} : { goal: { of: 'value', atMost: 5 } }),
    note: 'one connection, one call at a time',
  };
}

/** Measures a range of a thousand entries. */
export const entryRange: Figure = {
  name: 'entry-range',
  async measure(bench: Bench): Promise<Finding[]> {
    const server = await BenchServer.start({ workspace: bench.workspace, program: bench.programs.registry });
    await fillBy(server, putEntry);
    const findings: Finding[] = [];
    for (const [what, query] of RANGES) findings.push(await rangeFinding(bench, server, what, query));
    await fillCache(server);
    findings.push(await rangeFinding(bench, server, 'with values of 1 KiB that are not in the cache', ''));
    await server.stop();
    return findings;
  },
};
