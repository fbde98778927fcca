import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MUTANTS } from './all-mutants';
import { Laboratory } from './trial';

/**
 * Limit of a trial. `npm test` has already run on the unchanged core, so its time is not measured here; the slowest trial
 * takes a quarter of this.
 */
const TRIAL_MAX_MS = 240_000;

/** Two faults that the simulation finds in a few seconds; `npm run mutants:planted` tries them all. */
const SAMPLE = ['answers before anything is durable', 'creates a revision for a registration that changes nothing'];

describe('the simulation', () => {
  let laboratory: Laboratory;
  beforeAll(() => {
    laboratory = new Laboratory(undefined, TRIAL_MAX_MS);
  });
  afterAll(() => laboratory.close());

  it.each(SAMPLE)('detects a core that %s', async (name) => {
    const mutant = MUTANTS.find((each) => each.name === name);
    if (mutant === undefined) throw new Error(`there is no mutant that ${name}`);
    expect(await laboratory.try('the simulation', mutant)).not.toEqual([]);
  });
});
