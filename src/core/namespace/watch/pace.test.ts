import { expect, it } from 'vitest';
import { settle } from '../../../../test/simulation/virtual-time';
import { Pace } from './pace';

it('[W20] lets one go on after each turn, in order, where each does a turn of work', async () => {
  const turns: (() => void)[] = [];
  const pace = new Pace(() => new Promise((resolve) => void turns.push(resolve)), 10);
  const done: string[] = [];
  const work = async (name: string) => {
    for (let slice = 0; slice < 2; slice++) {
      await pace.ready();
      done.push(name);
      pace.spend(10);
    }
  };
  for (const name of ['a', 'b', 'c']) void work(name);
  await settle();
  expect(done.length).toBeLessThan(4);
  const begun = done.length;
  for (let turn = 0; turn < 6; turn++) {
    turns.shift()?.();
    await settle();
  }
  expect(begun).toBeGreaterThan(0);
  expect([...done].sort()).toEqual(['a', 'a', 'b', 'b', 'c', 'c']);
});

it('gives no turn for less work than that', async () => {
  let turns = 0;
  const pace = new Pace(async () => {
    turns += 1;
  }, 10);
  pace.spend(9);
  await pace.ready();
  expect(turns).toBe(0);
  pace.spend(1);
  expect(turns).toBe(1);
});
