import { setTimeout as sleep } from 'node:timers/promises';
import { ChaosProxy } from '../client/chaos-proxy';
import type { RunningRegistry } from '../programs/registry';
import type { SeededRandom } from '../simulation/seeded-random';
import { FleetMember } from './fleet-member';

const SERVICES = 10;
const TTL_MS = 5_000;

/** A fleet under faults: its current members, and the dead ones. */
export class Fleet {
  readonly members: FleetMember[] = [];
  /** Clients that died without releasing their leases, behind proxies that forward nothing. */
  readonly dead: FleetMember[] = [];
  readonly proxies: [ChaosProxy, ...ChaosProxy[]];
  readonly moves = { changes: 0, restarts: 0, crashes: 0 };
  readonly #registry: RunningRegistry;
  readonly #random: SeededRandom;
  #next = 0;

  constructor(registry: RunningRegistry, proxies: [ChaosProxy, ...ChaosProxy[]], random: SeededRandom) {
    this.#registry = registry;
    this.proxies = proxies;
    this.#random = random;
  }

  add(proxy = this.#random.pick(this.proxies)): FleetMember {
    const n = this.#next++;
    const place = { url: proxy.url, rootToken: this.#registry.rootToken };
    const member = new FleetMember(place, {
      id: `member-${n}`,
      service: `service-${n % SERVICES}`,
      transport: n % 3 === 0 ? 'heartbeat' : 'socket',
      ttlMs: TTL_MS,
      watches: n % 4 === 0,
    });
    member.join();
    return member;
  }

  /** Makes one member act, or adds a client that dies. */
  async move(): Promise<void> {
    const kind = this.#random.weighted({ change: 12, restart: 3, crash: 1 });
    const member = this.members[this.#random.whole(0, this.members.length - 1)];
    if (kind === 'change') {
      this.moves.changes += 1;
      member?.change();
    } else if (kind === 'restart') {
      this.moves.restarts += 1;
      member?.restart();
    } else {
      this.moves.crashes += 1;
      const proxy = await ChaosProxy.start(this.#registry.url);
      const doomed = this.add(proxy);
      this.dead.push(doomed);
      await Promise.race([doomed.settled(), sleep(TTL_MS)]);
      // The registry receives nothing more from it, and it doesn't learn of its expiry.
      proxy.deafen();
      await sleep(2 * TTL_MS);
      proxy.stop();
      await doomed.close();
    }
  }
}
