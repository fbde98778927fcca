import { setTimeout as sleep } from 'node:timers/promises';
import { NACOS_CACHE_MS } from '../../src/model/limits';
import type { Finding } from '../figure';
import { processorUs } from '../processor-time';
import { ratios, spread } from '../statistics';
import { counted, type NacosBench, type NacosTarget, startNacos } from './nacos-bench';
import { connectAll, inFlight, type NacosClient } from './nacos-client';
import { Poller } from './polls';

/** Interval of the health checks of a client that hears nothing: `connectionKeepAlive` of Nacos' clients. */
const HEALTH_CHECK_MS = 5_000;

/** Number of services that the clients are subscribed to. */
const SERVICES = 50;

const serviceOf = (n: number): string => `idle-${n % SERVICES}`;

/** Load of idle clients. */
interface IdleLoad {
  requestsPerMinute: number;
  /** Processor time of the server, as a share of one core, in percent. */
  processorPercent: number;
}

/** Counts the requests of clients, and the server's processor time. */
async function count({ server }: NacosTarget, ms: number, sentOf: () => number): Promise<IdleLoad> {
  const [began, sent, before] = [performance.now(), sentOf(), processorUs(server.pid)];
  await sleep(ms);
  const takenMs = performance.now() - began;
  return {
    requestsPerMinute: ((sentOf() - sent) * 60_000) / takenMs,
    processorPercent: (processorUs(server.pid) - before) / takenMs / 10,
  };
}

const sum = (clients: readonly { sent: number }[]): number => clients.reduce((total, { sent }) => total + sent, 0);

async function subscribers(registry: NacosTarget, { clients, idleMs }: NacosBench['scale']): Promise<IdleLoad> {
  const connected = await connectAll(registry.grpcPort, clients);
  await inFlight(50, clients, async (n) => connected[n]?.subscribe(serviceOf(n)));
  const timers: NodeJS.Timeout[] = [];
  const failed = Promise.withResolvers<never>();
  const check = (client: NacosClient): void => void client.checkHealth().catch(failed.reject);
  for (const client of connected) {
    const start = (): void => {
      check(client);
      timers.push(setInterval(() => check(client), HEALTH_CHECK_MS));
    };
    timers.push(setTimeout(start, Math.random() * HEALTH_CHECK_MS));
  }
  const load = await Promise.race([count(registry, idleMs, () => sum(connected)), failed.promise]);
  for (const timer of timers) clearInterval(timer);
  for (const client of connected) client.close();
  return load;
}

async function pollers(registry: NacosTarget, { clients, idleMs }: NacosBench['scale']): Promise<IdleLoad> {
  const started = await Promise.all(
    Array.from({ length: clients }, (_, n) =>
      Poller.start(registry.httpPort, serviceOf(n), Math.random() * NACOS_CACHE_MS),
    ),
  );
  const load = await count(registry, idleMs, () => sum(started));
  for (const client of started) client.stop();
  return load;
}

/** Counts what idle subscribers send over gRPC, and what they send when they poll. */
export async function idle(bench: NacosBench): Promise<Finding[]> {
  const [pushed, polled]: [IdleLoad[], IdleLoad[]] = [[], []];
  // Each takes a minute, and differs little.
  for (let round = 0; round < Math.min(bench.rounds, 2); round++) {
    const registry = await startNacos(bench);
    pushed.push(await subscribers(registry, bench.scale));
    polled.push(await pollers(registry, bench.scale));
    await registry.server.stop();
  }
  const finding = (what: string, unit: string, of: (load: IdleLoad) => number): Finding => {
    const [values, others] = [pushed.map(of), polled.map(of)];
    return {
      figure: 'idle',
      title: `${counted(bench.scale.clients, 'idle subscriber')} over gRPC: ${what}`,
      unit,
      value: spread(values),
      floor: { name: 'polls', value: spread(others) },
      ratio: spread(ratios(values, others)),
      note: `each is subscribed to one service, which does not change; over gRPC a client sends a health check every ${HEALTH_CHECK_MS / 1_000} s, and by HTTP it polls every ${NACOS_CACHE_MS / 1_000} s; each request has an answer`,
    };
  };
  const requests = finding('requests', 'requests/min', ({ requestsPerMinute }) => Math.round(requestsPerMinute));
  bench.log(`${requests.title}: ${requests.value.median.toFixed(0)}, polls ${requests.floor?.value.median.toFixed(0)}`);
  return [requests, finding('processor', '% of a core', ({ processorPercent }) => processorPercent)];
}
