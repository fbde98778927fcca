import { BenchServer } from '../bench-server';
import type { Bench, Figure, Finding } from '../figure';
import { instancePath, NAMESPACE_PATH, placeOf, registration, registrationBatch } from '../population';
import { spread } from '../statistics';

/** Operations of each kind, one after the other. */
const COUNT = 200;
const BATCHED = 100;

/** One kind of operation: what it does for the `n`th time, and the rows it may write. */
interface Operation {
  title: string;
  rows: number;
  run(server: BenchServer, n: number): Promise<unknown>;
}

const OVERRIDE = JSON.stringify({ weight: 5 });

/** In this order, since each works on what the one before left. */
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

/** Rows written that no operation asked for: alarms and checkpoints, which time makes. */
async function rowsWritten(server: BenchServer): Promise<{ operations: number; time: number }> {
  const { rowsWritten: all, alarmsArmed, checkpoints } = (await server.stats()).sinceWake;
  return { operations: all - alarmsArmed - checkpoints, time: alarmsArmed + checkpoints };
}

/** Rows written for each operation: what the platform bills, a dollar a million. */
export const cost: Figure = {
  name: 'cost',
  async measure(bench: Bench): Promise<Finding[]> {
    const server = await BenchServer.start({ workspace: bench.workspace, worker: bench.workers.registry });
    await server.stats();
    const findings: Finding[] = [];
    for (const { title, rows, run } of OPERATIONS) {
      const before = await rowsWritten(server);
      for (let n = 0; n < COUNT; n++) await run(server, n);
      const after = await rowsWritten(server);
      const each = (after.operations - before.operations) / COUNT;
      bench.say(`${title}: ${each}`);
      findings.push({
        figure: 'cost',
        title,
        unit: 'rows',
        value: spread([each]),
        goal: { of: 'value', atMost: rows },
        note: `${COUNT} operations; ${after.time - before.time} more rows for alarms and checkpoints`,
      });
    }
    await server.stop();
    return findings;
  },
};
