import { setTimeout as sleep } from 'node:timers/promises';
import { NACOS_PUSH_INTERVAL_MS } from '../../src/model/limits';
import { comparedTurns, type Turn } from '../contest';
import type { Finding } from '../figure';
import { processorUs } from '../processor-time';
import { median, ratios, spread } from '../statistics';
import { Crowd, type CrowdSize, type Delivery } from './crowd';
import { alternating, counted, type NacosBench, type NacosTarget, startFloor, startNacos } from './nacos-bench';

/** Pause between two changes: the registry waits until the last push to a client was some time ago. */
const PAUSE_MS = NACOS_PUSH_INTERVAL_MS + 10;

/** Services of one subscriber, so that each of them changes less often than the registry pushes its list. */
const SERVICES = 100;

/** Sizes of the service whose change many subscribers wait for. */
const SERVICE_SIZES: readonly number[] = [1, 100];

/** Returns the crowd whose pushes a second are measured. */
export const crowdOf = (subscribers: number): CrowdSize => ({
  subscribers,
  services: subscribers === 1 ? SERVICES : 1,
  instances: 1,
});

/** A crowd at the registry, and one of the same size at the floor, which is sent the same bytes. */
interface Sides {
  registry: NacosTarget;
  floor: NacosTarget;
  own: Crowd;
  forwarded: Crowd;
}

async function withSides<Found>(
  bench: NacosBench,
  size: CrowdSize,
  measure: (sides: Sides) => Promise<Found>,
): Promise<Found> {
  const [registry, floor] = [await startNacos(bench), await startFloor(bench, 'nacos')];
  const own = await Crowd.atRegistry(registry, size);
  await own.deliver();
  const forwarded = await Crowd.atFloor(floor, size.subscribers, () => own.pushed);
  const found = await measure({ registry, floor, own, forwarded });
  own.leave();
  forwarded.leave();
  await Promise.all([registry.server.stop(), floor.server.stop()]);
  return found;
}

/** Makes one change after the other, each once all subscribers have acknowledged the one before. */
export async function pushingTurn({ server }: NacosTarget, crowd: Crowd, turnMs: number): Promise<Turn> {
  const [began, before] = [performance.now(), processorUs(server.pid)];
  let pushes = 0;
  while (performance.now() - began < turnMs) {
    await crowd.deliver();
    pushes += crowd.subscribers.length;
  }
  const seconds = (performance.now() - began) / 1_000;
  return { perSecond: pushes / seconds, processorUs: (processorUs(server.pid) - before) / pushes };
}

/** Measures pushes a second to one and to many subscribers of a service. */
export async function pushes(bench: NacosBench): Promise<Finding[]> {
  const findings: Finding[] = [];
  const { clients, turnMs } = bench.scale;
  for (const subscribers of [1, clients]) {
    const { turns, floors } = await withSides(bench, crowdOf(subscribers), ({ registry, floor, own, forwarded }) =>
      alternating(
        bench.rounds,
        () => pushingTurn(registry, own, turnMs),
        () => pushingTurn(floor, forwarded, turnMs),
      ),
    );
    const about = { figure: 'pushes', title: `Pushes to ${counted(subscribers, 'subscriber')}`, unit: 'pushes/s' };
    const finding = comparedTurns(about, turns, { name: 'forwarding', turns: floors });
    bench.log(`${finding.title}: ${finding.value.median.toFixed(0)}`);
    findings.push({
      ...finding,
      note: `one registrant changes the only instance of a service, each time as soon as all subscribers have acknowledged the change before; one subscriber has ${SERVICES} services that change in turn, and many have one; *forwarding* is the registry's own server of gRPC, which sends the same message to the same number of clients`,
    });
  }
  return findings;
}

/** Measures the time until one change has reached the first, the middle and the last of many subscribers. */
export async function fanOut(bench: NacosBench): Promise<Finding[]> {
  const findings: Finding[] = [];
  const { clients, changes } = bench.scale;
  for (const instances of SERVICE_SIZES) {
    const turn = async (crowd: Crowd): Promise<Delivery> => {
      const taken: Delivery[] = [];
      while (taken.length < changes) {
        await sleep(PAUSE_MS);
        taken.push(await crowd.deliver());
      }
      const of = (member: keyof Delivery) => median(taken.map((delivery) => delivery[member]));
      return { firstMs: of('firstMs'), medianMs: of('medianMs'), lastMs: of('lastMs') };
    };
    const { turns, floors } = await withSides(bench, { subscribers: clients, instances }, ({ own, forwarded }) =>
      alternating(
        bench.rounds,
        () => turn(own),
        () => turn(forwarded),
      ),
    );
    const finding = (name: string, member: keyof Delivery): Finding => {
      const [values, others] = [turns.map((each) => each[member]), floors.map((each) => each[member])];
      return {
        figure: 'fan-out',
        title: `One change to ${counted(clients, 'subscriber')} of a service of ${counted(instances, 'instance')}, until ${name}`,
        unit: 'ms',
        value: spread(values),
        floor: { name: 'forwarding', value: spread(others) },
        ratio: spread(ratios(values, others)),
        note: `from sending the registration until the subscriber has the whole list; the median of ${changes} changes in each round, ${PAUSE_MS} ms apart; the bench reads and acknowledges all pushes on one of the cores, which *forwarding* includes as well`,
      };
    };
    findings.push(
      finding('the first has it', 'firstMs'),
      finding('half of them have it', 'medianMs'),
      finding('the last has it', 'lastMs'),
    );
    bench.log(`${findings.at(-1)?.title}: ${findings.at(-1)?.value.median.toFixed(1)} ms`);
  }
  return findings;
}
