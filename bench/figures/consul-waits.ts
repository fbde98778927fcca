import { setTimeout as sleep } from 'node:timers/promises';
import { BenchServer } from '../bench-server';
import { socketsWithin } from '../crowd';
import type { Bench, Figure, Finding } from '../figure';
import { servicePath } from '../population';
import { referenceInstance } from '../reference-instance';
import { ratios, spread } from '../statistics';
import { WaitingPolls } from '../waiting-polls';

/** Numbers of queries that wait for one service. */
const COUNTS = [1, 1_000];

/** Time until all queries have arrived and are pending. */
const SETTLE_MS = 2_000;

const SERVICE = 'waited';
const HEALTH = `/v1/health/service/${SERVICE}`;

/** Changes the service. */
const change = (registry: BenchServer, generation: number): Promise<string> =>
  registry.must(
    'PUT',
    `${servicePath(SERVICE)}/instances/a`,
    JSON.stringify(referenceInstance(0, { generation, longLease: true })),
  );

/** Returns the index from which a query waits. */
async function indexOf(registry: BenchServer): Promise<string> {
  const { headers } = await fetch(`${registry.origin}${HEALTH}`, { headers: registry.authorization });
  return headers.get('x-consul-index') ?? '';
}

/** Measures the time from a change until all blocking queries for its service are answered. */
export const consulWaits: Figure = {
  name: 'consul-waits',
  async measure(bench: Bench): Promise<Finding[]> {
    const findings: Finding[] = [];
    for (const wanted of COUNTS) findings.push(await measured(bench, Math.min(wanted, socketsWithin(2))));
    return findings;
  },
};

async function measured(bench: Bench, count: number): Promise<Finding> {
  const { workspace, programs } = bench;
  const registry = await BenchServer.start({ workspace, program: programs.registry });
  const floor = await BenchServer.start({ workspace, program: programs.floor('broadcast') });
  await change(registry, 0);
  let index = await indexOf(registry);
  const queries = new WaitingPolls(registry, () => registry.requestHead('GET', `${HEALTH}?index=${index}&wait=2m`, {}));
  const polls = new WaitingPolls(floor, (group) => floor.requestHead('GET', `/poll/${group}`, {}));
  await queries.open(count, 1);
  await polls.open(count, 1);
  const times: number[] = [];
  const floors: number[] = [];
  for (let round = 0; round <= bench.rounds; round++) {
    await sleep(SETTLE_MS);
    times.push(await queries.wake(0, () => change(registry, 1 + round)));
    floors.push(await polls.wake(0, () => floor.must('POST', '/topic/0', 'changed')));
    index = await indexOf(registry);
    await queries.reopen(0);
    await polls.reopen(0);
  }
  queries.cut();
  polls.cut();
  await Promise.all([registry.stop(), floor.stop()]);
  const [value, floorValue] = [spread(times.slice(1)), spread(floors.slice(1))];
  bench.log(`consul-waits ${count}: ${value.median.toFixed(1)} ms, floor ${floorValue.median.toFixed(1)} ms`);
  return {
    figure: 'consul-waits',
    title: `Consul: one change to ${count.toLocaleString('en')} blocking ${count === 1 ? 'query' : 'queries'} for its service`,
    unit: 'ms',
    value,
    floor: { name: 'broadcast', value: floorValue },
    ratio: spread(ratios(times.slice(1), floors.slice(1))),
    note: 'from sending the change until the last query is answered',
  };
}
