import { describe, expect, it } from 'vitest';
import { type FleetResult, percentile } from './run-fleet';
import { type Mode, runHealthy, runScenario, SELECTORS } from './scenario';

/** Short form of `npm run balance`, with another seed. Each assertion leaves a margin of a factor of two. */
const SECONDS = 20;
const SEED = 42;

function run(name: keyof typeof SELECTORS, mode: Mode): FleetResult {
  const selector = SELECTORS[name];
  if (selector === undefined) throw new Error(`there is no selector "${name}"`);
  return runScenario(selector, mode, SECONDS, SEED);
}

const p99 = (result: FleetResult) => percentile(result, 0.99);

describe('in a fleet with slow and failing instances', () => {
  it.each(['random', 'round robin', 'weighted round robin', 'consistent hash'])(
    '[B17] power of two choices has at most half the 99th percentile of %s',
    (other) => {
      expect(p99(run('power of two choices', 'plain'))).toBeLessThan(p99(run(other, 'plain')) / 2);
    },
  );

  it('[B17] power of two choices comes close to a fleet without slow instances', () => {
    expect(p99(run('power of two choices', 'ejecting'))).toBeLessThan(p99(runHealthy(SECONDS, SEED)) * 2);
  });

  it.each(['subset(8)', 'sticky', 'nearest'])(
    '[B17] %s is as fast, because it uses power of two choices internally',
    (other) => {
      expect(p99(run(other, 'ejecting'))).toBeLessThan(p99(run('random', 'ejecting')) / 2);
    },
  );

  it('[B17] power of two choices meets fewer failures than random choice', () => {
    expect(run('power of two choices', 'plain').errors).toBeLessThan(run('random', 'plain').errors / 2);
  });

  it.each(Object.keys(SELECTORS))('[B12] ejection at least halves the failures of %s', (name) => {
    expect(run(name, 'ejecting').errors).toBeLessThan(run(name, 'plain').errors / 2);
  });

  it.each(Object.keys(SELECTORS))(
    '[B13] retries hide the remaining failures of %s at the cost of a few extra calls',
    (name) => {
      const { errors, attempts } = run(name, 'retrying');
      expect(errors).toBeLessThan(0.001);
      expect(attempts).toBeLessThan(1.2);
    },
  );
});
