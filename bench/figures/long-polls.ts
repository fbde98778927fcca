import { setTimeout as sleep } from 'node:timers/promises';
import { BenchServer } from '../bench-server';
import { socketsWithin } from '../crowd';
import type { Bench, Figure, Finding } from '../figure';
import { NAMESPACE_PATH, servicePath } from '../population';
import { referenceInstance } from '../reference-instance';
import { ratios, spread } from '../statistics';
import { WaitingPolls } from '../waiting-polls';

const COUNT = 4_000;
const SERVICES = 100;

/** Time until all polls have arrived and are pending. */
const SETTLE_MS = 3_000;

const service = (index: number): string => `polled-${index}`;

function registered(index: number, generation: number): string {
  return JSON.stringify({
    operations: [
      {
        op: 'register',
        service: service(index),
        id: 'a',
        ...referenceInstance(index, { generation, longLease: true }),
      },
    ],
  });
}

/** Returns the newest cursor, from which a poll waits. */
async function cursorOf(registry: BenchServer, index: number, generation: number): Promise<string> {
  const answer = await registry.must('POST', `${NAMESPACE_PATH}/batch`, registered(index, generation));
  return (JSON.parse(answer) as { cursor: string }).cursor; // `as`: the registry's own answer
}

/** Measures the time until all polls of one service are answered, while those of all others stay pending. */
export const longPolls: Figure = {
  name: 'long-polls',
  async measure(bench: Bench): Promise<Finding[]> {
    const { workspace, programs } = bench;
    const count = Math.min(COUNT, socketsWithin(2));
    const registry = await BenchServer.start({ workspace, program: programs.registry });
    const floor = await BenchServer.start({ workspace, program: programs.floor('broadcast') });
    let cursor = '';
    for (let index = 0; index < SERVICES; index++) cursor = await cursorOf(registry, index, 0);
    const polls = new WaitingPolls(registry, (group) =>
      registry.requestHead('GET', `${servicePath(service(group))}/resolve?wait=5m`, { 'If-None-Match': `"${cursor}"` }),
    );
    const floorPolls = new WaitingPolls(floor, (group) => floor.requestHead('GET', `/poll/${group}`, {}));
    await polls.open(count, SERVICES);
    await floorPolls.open(count, SERVICES);
    const times: number[] = [];
    const floors: number[] = [];
    for (let round = 0; round <= bench.rounds; round++) {
      const group = round % SERVICES;
      await sleep(round === 0 ? SETTLE_MS : SETTLE_MS / 6);
      const change = async () => {
        cursor = await cursorOf(registry, group, 1 + round);
      };
      times.push(await polls.wake(group, change));
      floors.push(await floorPolls.wake(group, () => floor.must('POST', `/topic/${group}`, 'changed')));
      await polls.reopen(group);
      await floorPolls.reopen(group);
    }
    polls.cut();
    floorPolls.cut();
    await Promise.all([registry.stop(), floor.stop()]);
    const [value, floorValue] = [spread(times.slice(1)), spread(floors.slice(1))];
    bench.log(`long-polls: ${value.median.toFixed(1)} ms, floor ${floorValue.median.toFixed(1)} ms`);
    return [
      {
        figure: 'long-polls',
        title: `One change of ${SERVICES} services to the ${count / SERVICES} who poll it, of ${count.toLocaleString('en')}`,
        unit: 'ms',
        value,
        floor: { name: 'broadcast', value: floorValue },
        ratio: spread(ratios(times.slice(1), floors.slice(1))),
        note: 'from sending the change until the last poll of that service is answered; no other poll is answered',
      },
    ];
  },
};
