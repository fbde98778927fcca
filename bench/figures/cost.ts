import { BenchServer } from '../bench-server';
import type { Bench, Figure, Finding } from '../figure';
import { instancePath, NAMESPACE_PATH, placeOf, registration, registrationBatch } from '../population';
import { spread } from '../statistics';

/** Number of operations of each kind, one after the other. */
const COUNT = 200;
const BATCHED = 100;

/** Number of an instance that no operation touches. */
const SPARE = COUNT * BATCHED;

/** Rows of one checkpoint with this few leases: one closes it, and one is written by the next renewal. */
const ROWS_PER_CHECKPOINT = 2;

/** One kind of operation: its `n`th run, and the rows it may write. */
interface Operation {
  title: string;
  rows: number;
  run(server: BenchServer, n: number): Promise<unknown>;
}

const OVERRIDE = JSON.stringify({ weight: 5 });

/** The operations in order, since each depends on the result of the previous one. */
const OPERATIONS: readonly Operation[] = [
  { title: 'Rows written to register', rows: 2, run: (server, n) => put(server, n, 0) },
  { title: 'Rows written to register again, same content', rows: 0, run: (server, n) => put(server, n, 0) },
  { title: 'Rows written to register again, changed content', rows: 2, run: (server, n) => put(server, n, 1) },
  {
    title: 'Rows written to renew',
    rows: 0,
    run: (server, n) => server.must('POST', `${instancePath(n)}/heartbeat`, ''),
  },
  {
    title: 'Rows written to set an override',
    rows: 2,
    run: (server, n) => server.must('PUT', `${instancePath(n)}/override`, OVERRIDE),
  },
  {
    title: 'Rows written to clear an override',
    rows: 2,
    run: (server, n) => server.must('DELETE', `${instancePath(n)}/override`),
  },
  { title: 'Rows written to deregister', rows: 2, run: (server, n) => server.must('DELETE', instancePath(n)) },
  {
    title: `Rows written to register ${BATCHED} in a batch`,
    rows: BATCHED + 1,
    run: (server, n) => {
      const first = n * BATCHED;
      const body = registrationBatch(first, first + BATCHED, { longLease: true });
      return server.must('POST', `${NAMESPACE_PATH}/batch`, body);
    },
  },
  {
    title: 'Rows written to resolve',
    rows: 0,
    run: (server, n) => server.must('GET', instancePath(n).replace(`/instances/${placeOf(n).id}`, '/resolve')),
  },
];

function put(server: BenchServer, n: number, generation: number): Promise<string> {
  const { path, body } = registration(n, { generation, longLease: true });
  return server.must('PUT', path, body);
}

/** Returns the rows written so far, without those of alarms and checkpoints. */
async function rowsWritten(server: BenchServer): Promise<number> {
  // The first renewal after a checkpoint also writes a row. Renew here, so that no operation is charged for it.
  const { path, body } = registration(SPARE, { longLease: true });
  await server.must('PUT', path, body);
  const { rowsWritten: all, alarmsArmed, checkpoints } = (await server.stats()).sinceStart;
  return all - alarmsArmed - checkpoints * ROWS_PER_CHECKPOINT;
}

/** Measures the rows written by each operation, which the platform bills at one dollar per million. */
export const cost: Figure = {
  name: 'cost',
  async measure(bench: Bench): Promise<Finding[]> {
    const server = await BenchServer.start({ workspace: bench.workspace, program: bench.programs.registry });
    // Call it twice: the first call registers the instance, the second renews it.
    await rowsWritten(server);
    await rowsWritten(server);
    const findings: Finding[] = [];
    for (const { title, rows, run } of OPERATIONS) {
      const before = await rowsWritten(server);
      for (let n = 0; n < COUNT; n++) await run(server, n);
      const each = ((await rowsWritten(server)) - before) / COUNT;
      bench.log(`${title}: ${each}`);
      findings.push({
        figure: 'cost',
        title,
        unit: 'rows',
        value: spread([each]),
        goal: { of: 'value', atMost: rows },
        note: `mean of ${COUNT} operations; rows written by time, for alarms and checkpoints, are counted separately`,
      });
    }
    await server.stop();
    return findings;
  },
};
