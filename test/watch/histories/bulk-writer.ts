import type { Operation } from '../../../src/model/batch';
import { InstanceDefinition } from '../../../src/model/instance';
import type { SeededRandom } from '../../simulation/seeded-random';
import type { World } from '../../simulation/world';

export const BULK = { group: 'bulk', service: 'bulk' };

/** Instances of 8 KB each: snapshots of all of them and large changes come in parts. */
const INSTANCES_COUNT = 120;

/** Maintains a service with large records, and changes many of them at once. */
export class BulkWriter {
  readonly #world: World;
  readonly #random: SeededRandom;

  constructor(world: World) {
    this.#world = world;
    this.#random = world.random.fork();
  }

  async live(): Promise<never> {
    await this.#change(INSTANCES_COUNT);
    for (;;) {
      await this.#world.sleep(this.#random.magnitude(500, 10_000));
      await this.#world.untilUp();
      await this.#change(Math.round(this.#random.magnitude(1, INSTANCES_COUNT)));
    }
  }

  async #change(count: number): Promise<void> {
    const first = this.#random.whole(0, INSTANCES_COUNT - 1);
    const operations = Array.from({ length: count }, (_, index) => this.#operation((first + index) % INSTANCES_COUNT));
    const name = `bulk: changes ${count}`;
    await this.#world.ask({ name, ask: (registry) => registry.batch({ tokenId: 'bulk' }, operations) });
  }

  #operation(index: number): Operation {
    const key = { ...BULK, id: `bulk-${index}` };
    if (this.#random.chance(0.1)) return { op: 'deregister', key, precondition: {} };
    const metadata = { a: 'x'.repeat(3_900), b: 'y'.repeat(3_900), version: this.#random.id() };
    const definition = InstanceDefinition.parse({ url: `https://bulk-${index}.example/`, ephemeral: false, metadata });
    return { op: 'register', key, precondition: {}, definition };
  }
}
