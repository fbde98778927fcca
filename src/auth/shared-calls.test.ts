import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SharedCalls } from './shared-calls';

const never = () => new Promise<string>(() => {});

describe('SharedCalls', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const calls = (maxCount = 10, sharesFailures = true) =>
    new SharedCalls<string>({ now: () => Date.now(), followMaxMs: 2_000, maxCount, sharesFailures });

  it('[A6] shares one call, and its result or failure, among concurrent callers of a key', async () => {
    const shared = calls();
    const ask = vi.fn(async () => 'result');
    expect(await Promise.all([shared.call('a', ask), shared.call('a', ask), shared.call('b', ask)])).toHaveLength(3);
    expect(ask).toHaveBeenCalledTimes(2);
    const fail = vi.fn(() => Promise.reject(new Error('no')));
    const failed = await Promise.allSettled([shared.call('a', fail), shared.call('a', fail)]);
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(fail).toHaveBeenCalledOnce();
    expect(await shared.call('a', ask), 'the first call has ended').toBe('result');
    expect(ask).toHaveBeenCalledTimes(3);
  });

  it('makes a call for each follower if failures are not shared or the result does not suit', async () => {
    const shared = calls(10, false);
    const fail = vi.fn(() => Promise.reject(new Error('no')));
    const failed = await Promise.allSettled([shared.call('a', fail), shared.call('a', async () => 'own')]);
    expect(failed).toMatchObject([{ status: 'rejected' }, { status: 'fulfilled', value: 'own' }]);
    const suits = (outcome: string) => outcome !== 'old';
    const outcomes = [shared.call('b', async () => 'old'), shared.call('b', async () => 'new', suits)];
    expect(await Promise.all(outcomes)).toEqual(['old', 'new']);
  });

  it('[A6] follows a call that never ends for two seconds, then makes another', async () => {
    const shared = calls();
    void shared.call('a', never);
    const second = shared.call('a', async () => 'result');
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await second).toBe('result');
    void shared.call('a', never);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await shared.call('a', async () => 'at once, as that one is too old')).toContain('at once');
  });

  it('[A6] tracks no more pending calls than its limit', async () => {
    const shared = calls(1);
    void shared.call('a', never);
    void shared.call('b', never);
    expect(await shared.call('a', async () => 'not followed')).toBe('not followed');
  });

  it('passes each call to waitUntil, and never as a failure', async () => {
    const kept: Promise<unknown>[] = [];
    const shared = new SharedCalls<string>({
      now: () => Date.now(),
      followMaxMs: 1,
      maxCount: 1,
      sharesFailures: true,
      waitUntil: (work) => kept.push(work),
    });
    await expect(shared.call('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(kept).toHaveLength(1);
    await expect(kept[0]).resolves.toBeUndefined();
  });
});
