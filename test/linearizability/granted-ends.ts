import { leaseBounds } from '../crash/lease-bounds';
import type { GrantedLife, History, Sign } from './operation';

/** As for the leases of instances. */
const CLOCK_MARGIN_MS = 50;

/** Times at which granted leases may end by themselves, or must have, as their clients know it. */
export class GrantedEnds {
  readonly #leases: History['leases'];
  readonly #outages: History['outages'];

  constructor({ leases, outages }: Pick<History, 'leases' | 'outages'>) {
    this.#leases = leases;
    this.#outages = outages;
  }

  lockDelayMs(id: string): number {
    return this.#lifeOf(id).lockDelayMs;
  }

  /** Returns the earliest time at which a lease may have expired; undefined if it can't have by a time. */
  mayExpire(id: string, by: number): number | undefined {
    const life = this.#lifeOf(id);
    for (const [index, sign] of life.signs.entries()) {
      const earliest = this.#bounds(life, sign, index).earliest - CLOCK_MARGIN_MS;
      const next = life.signs[index + 1]?.answeredAt ?? Number.POSITIVE_INFINITY;
      if (earliest <= by && earliest <= next) return earliest;
    }
    return undefined;
  }

  /** Returns whether a lease must have expired before a call that arrived at a time. */
  mustHaveExpired(id: string, at: number): boolean {
    const life = this.#lifeOf(id);
    const last = life.signs.at(-1);
    if (life.isUnsure || last === undefined) return false;
    return this.#bounds(life, last, life.signs.length - 1).latest + CLOCK_MARGIN_MS < at;
  }

  #bounds({ ttlMs }: GrantedLife, sign: Sign, index: number) {
    // The grant is a row; a crash may lose a renewal.
    return leaseBounds({ ttlMs, removeAfterMs: ttlMs, ...sign, isRegistration: index === 0 }, ttlMs, this.#outages);
  }

  #lifeOf(id: string): GrantedLife {
    const life = this.#leases[id];
    if (life === undefined) throw new Error(`no client was granted the lease ${id}`);
    return life;
  }
}
