import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MUTANTS } from './all-mutants';
import { Laboratory } from './trial';

/** One of each kind; `npm run mutants` tries them all. */
const SAMPLE = [
  'answers before anything is durable',
  'does not keep renewals',
  'takes a stamp for the time after a clock was set back',
  'makes a revision of a registration that changes nothing',
];

describe('the simulation', () => {
  let laboratory: Laboratory;
  beforeAll(() => {
    laboratory = new Laboratory();
  });
  afterAll(() => laboratory.close());

  it('finds nothing in the core as it is', async () => {
    expect(await laboratory.measure('the simulation')).toBeGreaterThan(0);
  });

  it.each(SAMPLE)('finds a core that %s', async (name) => {
    const mutant = MUTANTS.find((each) => each.name === name);
    if (mutant === undefined) throw new Error(`there is no mutant that ${name}`);
    expect(await laboratory.try('the simulation', mutant)).not.toEqual([]);
  });
});
