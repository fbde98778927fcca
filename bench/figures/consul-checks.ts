import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { BenchServer } from '../bench-server';
import type { Bench, Figure, Finding } from '../figure';
import { processorUs } from '../processor-time';
import { spread } from '../statistics';

const CHECKS_COUNT = 1_000;
const INTERVAL_MS = 10_000;

/** Interval between two looks at the state of the checks. */
const LOOK_MS = 500;

/** Registers services of one instance each, whose HTTP checks reach one small server. */
async function register(server: BenchServer, port: number): Promise<void> {
  for (let index = 0; index < CHECKS_COUNT; index++) {
    const service = {
      ID: `checked-${index}`,
      Name: `checked-${index % 50}`,
      Address: '127.0.0.1',
      Port: 10_000 + index,
      Check: { HTTP: `http://127.0.0.1:${port}/health`, Interval: `${INTERVAL_MS}ms` },
    };
    await server.must('PUT', '/v1/agent/service/register', JSON.stringify(service));
  }
}

/** Waits until the first results of all checks are reported. */
async function allPassing(server: BenchServer): Promise<void> {
  for (;;) {
    // Only the number of members is read.
    const checks = JSON.parse(await server.must('GET', '/v1/health/state/passing')) as unknown[];
    // The node has a check of its own.
    if (checks.length > CHECKS_COUNT) return;
    await wait(LOOK_MS);
  }
}

/** Returns the share of a core that a process uses while one round of all checks runs, in percent. */
async function shareOfCore(pid: number): Promise<number> {
  const [from, since] = [processorUs(pid), performance.now()];
  await wait(INTERVAL_MS);
  return (processorUs(pid) - from) / (performance.now() - since) / 10;
}

/** Measures the processor time that checks cost the registry, beside that of the same process without checks. */
export const consulChecks: Figure = {
  name: 'consul-checks',
  homes: ['deno', 'node'],
  async measure(bench: Bench): Promise<Finding[]> {
    const { workspace, programs, rounds, log } = bench;
    const checked = createServer((_, response) => response.end('{"status":"UP"}'));
    await new Promise<void>((resolve) => checked.listen(0, '127.0.0.1', resolve));
    const { port } = checked.address() as AddressInfo; // `as`: it listens on a port
    const env = { ROLLCALL_CONSUL_PORT: '0' };
    const server = await BenchServer.start({ workspace, program: programs.registry, env });
    try {
      const idle: number[] = [];
      const busy: number[] = [];
      for (let round = 0; round < rounds; round++) idle.push(await shareOfCore(server.pid));
      await register(server, port);
      await allPassing(server);
      for (let round = 0; round < rounds; round++) {
        busy.push(await shareOfCore(server.pid));
        log(`consul-checks ${round + 1}/${rounds}: ${busy.at(-1)?.toFixed(2)} %`);
      }
      return [
        {
          figure: 'consul-checks',
          title: `Processor time of ${CHECKS_COUNT.toLocaleString('en')} HTTP checks every ${INTERVAL_MS / 1_000} s`,
          unit: '% of a core',
          value: spread(busy),
          floor: { name: 'idle', value: spread(idle) },
        },
      ];
    } finally {
      await server.stop();
      checked.close();
      checked.closeAllConnections();
    }
  },
};
