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

describe('balancing a fleet with slow and failing instances', () => {
  it.each(['random', 'round robin', 'weighted round robin', 'consistent hash'])(
    '[B17] power of two choices keeps the slowest in a hundred at half of those of %s, or less',
    (other) => {
      expect(p99(run('power of two choices', 'plain'))).toBeLessThan(p99(run(other, 'plain')) / 2);
    },
  );

  it('[B17] power of two choices comes near to a fleet in which nobody is slow', () => {
    expect(p99(run('power of two choices', 'ejecting'))).toBeLessThan(p99(runHealthy(SECONDS, SEED)) * 2);
  });

  it.each(['subset(8)', 'sticky', 'nearest'])('[B17] %s is as good, as it uses it within', (other) => {
    expect(p99(run(other, 'ejecting'))).toBeLessThan(p99(run('random', 'ejecting')) / 2);
  });

  it('[B17] power of two choices meets fewer failures than random choice', () => {
    expect(run('power of two choices', 'plain').errors).toBeLessThan(run('random', 'plain').errors / 2);
  });

  it.each(Object.keys(SELECTORS))('[B12] ejection halves the failures of %s, at least', (name) => {
    expect(run(name, 'ejecting').errors).toBeLessThan(run(name, 'plain').errors / 2);
  });

  it.each(Object.keys(SELECTORS))('[B13] retries hide the rest of the failures of %s, for a few calls more', (name) => {
    const { errors, attempts } = run(name, 'retrying');
    expect(errors).toBeLessThan(0.001);
    expect(attempts).toBeLessThan(1.2);
  });
});
