import { powerOfTwo } from '../../src/client/resolve/power-of-two';
import type { Selector } from '../../src/client/resolve/selector';
import {
  consistentHash,
  nearest,
  random,
  roundRobin,
  sticky,
  subset,
  weightedRoundRobin,
} from '../../src/client/selectors';
import { type FleetResult, type FleetRun, runFleet } from './run-fleet';
import { type Character, HEALTHY } from './server';

/** Every selector, by its public name. */
export const SELECTORS: Readonly<Record<string, (clientId: string) => Selector>> = {
  'power of two choices': powerOfTwo,
  'subset(8)': (clientId) => subset(8, clientId),
  sticky: () => sticky(),
  nearest: () => nearest({ zone: 'even' }),
  random,
  'round robin': roundRobin,
  'weighted round robin': weightedRoundRobin,
  'consistent hash': consistentHash,
};

/** Twenty instances, four of which callers should avoid. */
const CHARACTERS: readonly Character[] = Array.from({ length: 20 }, (_, index) => {
  if (index === 3 || index === 12) return { ...HEALTHY, slowness: 8 };
  if (index === 6) return { ...HEALTHY, failing: 1, refuses: true };
  if (index === 17) return { ...HEALTHY, failing: 0.5 };
  return HEALTHY;
});

/** Modes in which a selector is tried. */
export const MODES = {
  plain: { ejects: false, maxAttempts: 1 },
  ejecting: { ejects: true, maxAttempts: 1 },
  retrying: { ejects: true, maxAttempts: 3 },
} as const;

export type Mode = keyof typeof MODES;

const LOAD = { clients: 5, callsPerSecond: 800 };

/** Runs a selector with the fleet and load that all selectors share. */
export function runScenario(selector: FleetRun['selector'], mode: Mode, seconds: number, seed = 1): FleetResult {
  return runFleet({ seed, characters: CHARACTERS, selector, ...MODES[mode], ...LOAD, seconds });
}

/** Runs the same load on a fleet in which no instance is slow or fails, for comparison. */
export function runHealthy(seconds: number, seed = 1): FleetResult {
  const characters = CHARACTERS.map(() => HEALTHY);
  return runFleet({ seed, characters, selector: random, ...MODES.plain, ...LOAD, seconds });
}
