import type { SeededRandom } from '../simulation/seeded-random';

const SERVICES = 20;

/** Number of instances of a service over a day: few at night, many in the evening. */
const LEAST_INSTANCES = 20;
const MOST_INSTANCES = 60;

/** Number of deploys of a service in a day; each replaces all of its instances. */
const DEPLOYS_PER_DAY = 12;

/** Share of all instances that die without deregistering in a step. */
const CRASHES_PER_STEP = 0.002;

/** A reference to an instance. */
export interface Ref {
  service: string;
  id: string;
}

/** Events of a fleet in one step. */
export interface Step {
  register: Ref[];
  deregister: Ref[];
  /** All living instances, which send heartbeats. */
  beat: Ref[];
}

/** A fleet over several days: scaled by the hour, deployed, and with occasional crashes. */
export class FleetDay {
  readonly #random: SeededRandom;
  readonly #stepsPerDay: number;
  readonly #services = Array.from({ length: SERVICES }, (_, n) => ({ name: `service-${n}`, alive: [] as string[] }));
  #next = 0;

  constructor(random: SeededRandom, stepsPerDay: number) {
    this.#random = random;
    this.#stepsPerDay = stepsPerDay;
  }

  /** @param index Zero-based number of the step in its day. */
  step(index: number): Step {
    const step: Step = { register: [], deregister: [], beat: [] };
    const load = (1 - Math.cos((2 * Math.PI * index) / this.#stepsPerDay)) / 2;
    const target = Math.round(LEAST_INSTANCES + (MOST_INSTANCES - LEAST_INSTANCES) * load);
    const between = this.#stepsPerDay / DEPLOYS_PER_DAY;
    for (const [n, service] of this.#services.entries()) {
      const isDeploy = index % between === Math.floor((n * between) / SERVICES);
      const leaving = isDeploy ? service.alive : service.alive.slice(target);
      step.deregister.push(...leaving.map((id) => ({ service: service.name, id })));
      service.alive = service.alive
        .slice(0, isDeploy ? 0 : target)
        .filter(() => !this.#random.chance(CRASHES_PER_STEP));
      while (service.alive.length < target) {
        const id = `instance-${this.#next++}`;
        service.alive.push(id);
        step.register.push({ service: service.name, id });
      }
      step.beat.push(...service.alive.map((id) => ({ service: service.name, id })));
    }
    return step;
  }

  /** Shuts the fleet down. */
  end(): Ref[] {
    return this.#services.flatMap(({ name, alive }) => alive.splice(0).map((id) => ({ service: name, id })));
  }
}
