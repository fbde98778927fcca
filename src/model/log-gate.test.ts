import { expect, it } from 'vitest';
import { LogGate } from './log-gate';

it('[G10] lets so many through in a second, and tells with the next how many it kept back', () => {
  const gate = new LogGate(2);
  expect([0, 1, 2, 999, 1_000, 1_001, 1_002].map((now) => gate.admit(now))).toEqual([
    0,
    0,
    undefined,
    undefined,
    2,
    0,
    undefined,
  ]);
  // A clock that was set back opens it as well: nothing is kept back for as long as the jump was.
  expect(gate.admit(500)).toBe(1);
});
