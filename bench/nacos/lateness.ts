import { setTimeout as sleep } from 'node:timers/promises';
import { NACOS_CACHE_MS, NACOS_PUSH_INTERVAL_MS } from '../../src/model/limits';
import type { Finding } from '../figure';
import { median, ratios, spread } from '../statistics';
import { Crowd } from './crowd';
import { HttpClient, posting } from './http-client';
import { type NacosBench, type NacosTarget, startNacos } from './nacos-bench';
import { Poller } from './polls';

/** Longest pause between two changes. */
const PAUSE_MAX_MS = 200;

/** Latest that a client may have a change. */
const GOAL_MS = 100;

const POLLED = 'polled';

/** Makes changes at any time, and returns how late one subscriber had each. */
async function pushedLate(crowd: Crowd, changes: number): Promise<number[]> {
  const late: number[] = [];
  while (late.length < changes) {
    await sleep(Math.random() * PAUSE_MAX_MS);
    late.push((await crowd.deliver()).lastMs);
  }
  return late;
}

/** Makes one change while clients poll, and returns how late each of them had it. */
async function polledLate({ httpPort }: NacosTarget, pollers: number, change: number): Promise<number[]> {
  const writer = await HttpClient.connect(httpPort);
  await writer.ask(posting(POLLED, 2 * change));
  const { address, request } = nextOf(2 * change + 1);
  const arrivals = new Map<number, number>();
  const all = Promise.withResolvers<void>();
  const started = Array.from({ length: pollers }, (_, n) =>
    Poller.start(httpPort, POLLED, Math.random() * NACOS_CACHE_MS, (list) => {
      if (!list.includes(address) || arrivals.has(n)) return;
      arrivals.set(n, performance.now());
      if (arrivals.size === pollers) all.resolve();
    }),
  );
  const clients = await Promise.all(started);
  const changedAt = performance.now();
  await writer.ask(request);
  await all.promise;
  for (const client of clients) client.stop();
  writer.close();
  return [...arrivals.values()].map((at) => at - changedAt);
}

/** Returns the registration of a further instance, and its address as lists have it. */
function nextOf(n: number): { address: string; request: Buffer } {
  const request = posting(POLLED, n);
  const ip = /&ip=([^&]+)/.exec(request.toString())?.[1] ?? '';
  return { address: `"${ip}"`, request };
}

/** Measures how late a client has a change, over gRPC and by polls. */
export async function lateness(bench: NacosBench): Promise<Finding[]> {
  const { changes, pollers } = bench.scale;
  const registry = await startNacos(bench);
  const crowd = await Crowd.atRegistry(registry, { subscribers: 1, instances: 1 });
  await pushedLate(crowd, changes);
  const [pushed, polled]: [number[][], number[][]] = [[], []];
  for (let round = 0; round < bench.rounds; round++) {
    pushed.push(await pushedLate(crowd, changes));
    polled.push(await polledLate(registry, pollers, round));
  }
  crowd.leave();
  await registry.server.stop();
  const finding = (name: string, of: (late: readonly number[]) => number): Finding => {
    const [values, others] = [pushed.map(of), polled.map(of)];
    return {
      figure: 'lateness',
      title: `Lateness of a change over gRPC, ${name}`,
      unit: 'ms',
      value: spread(values),
      floor: { name: 'polls', value: spread(others) },
      ratio: spread(ratios(values, others)),
      note: `from sending the registration until one subscriber has the list; ${changes} changes a round, at random times up to ${PAUSE_MAX_MS} ms after each other, of which the registry pushes none within ${NACOS_PUSH_INTERVAL_MS} ms of the last; *polls*: ${pollers} clients poll over HTTP every ${NACOS_CACHE_MS / 1_000} s, as Nacos' client for Node does, and one change a round`,
    };
  };
  const [middle, longest] = [finding('median', median), finding('longest', (late) => Math.max(...late))];
  bench.log(`lateness: ${middle.value.median.toFixed(1)} ms, at most ${longest.value.median.toFixed(1)} ms`);
  return [middle, { ...longest, goal: { of: 'value', atMost: GOAL_MS } }];
}
