import { expect, it, vi } from 'vitest';
import { jittered } from './jitter';

it('[P2, E4] cuts a time short by up to a tenth', () => {
  const random = vi.spyOn(Math, 'random');
  random.mockReturnValue(0);
  expect(jittered(30_000)).toBe(30_000);
  random.mockReturnValue(0.5);
  expect(jittered(30_000)).toBe(28_500);
  random.mockReturnValue(0.999_999_9);
  expect(jittered(30_000)).toBe(27_000);
  random.mockRestore();
});
