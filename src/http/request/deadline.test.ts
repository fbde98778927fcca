import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { withDeadline } from './deadline';

describe('withDeadline', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('returns the result, or the failure, of a call in time', async () => {
    expect(await withDeadline(Promise.resolve(7), 1_000)).toBe(7);
    await expect(withDeadline(Promise.reject(new Error('no')), 1_000)).rejects.toThrow('no');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('rejects a call that takes longer, and not before', async () => {
    const settled = vi.fn();
    const waiting = withDeadline(new Promise(() => undefined), 1_000).catch(settled);
    await vi.advanceTimersByTimeAsync(999);
    expect(settled).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await waiting;
    expect(settled.mock.calls[0]?.[0]).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      message: expect.stringContaining('within 1 s'),
    });
  });
});
