import type { Endpoint } from '../endpoint';
import { powerOfTwo } from '../power-of-two';
import type { Selector } from '../selector';

/**
 * A key stays with the instance that got its first call, as long as that one is there; nobody new takes a key away.
 * Unlike with {@link consistentHash}, each client remembers for itself, and the first choice can go by load.
 *
 * @param among Chooses for keys that are new, and for calls without a key.
 * @param maxKeys Keys remembered; beyond it, those not used for longest are forgotten.
 */
export function sticky(among: Selector = powerOfTwo(), maxKeys = 10_000): Selector {
  const homes = new Map<string, Endpoint>();
  return {
    pick(endpoints, context) {
      const { key } = context;
      if (key === undefined) return among.pick(endpoints, context);
      const home = homes.get(key);
      const chosen = home !== undefined && endpoints.includes(home) ? home : among.pick(endpoints, context);
      if (chosen === undefined) return undefined;
      homes.delete(key);
      homes.set(key, chosen);
      if (homes.size > maxKeys) for (const [oldest] of homes) if (homes.delete(oldest)) break;
      return chosen;
    },
    started: (endpoint) => among.started?.(endpoint),
    ended: (endpoint, report) => among.ended?.(endpoint, report),
  };
}
