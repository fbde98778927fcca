import { describe, expect, it } from 'vitest';
import { RegistryError } from '../../model/errors';
import { CALL_REPEAT_TOKENS_MAX_COUNT, CALL_REPEAT_WITHIN_MS, CALL_REPEATS_WINDOW_MS } from '../../model/limits';
import { RemoteCalls, type RepeatTime } from './remote-objects';

const fault = (flags: object = {}) => Object.assign(new Error('an error of the platform'), flags);
const PASSING = { retryable: true };

/** Creates calls to an object that fails with these faults, and then works. */
function begin(...faults: unknown[]) {
  const waits: number[] = [];
  const clock = { now: 1_000, random: 0.5, tryTakesMs: 0 };
  const time: RepeatTime = {
    now: () => clock.now,
    random: () => clock.random,
    sleep: async (ms) => {
      waits.push(ms);
      clock.now += ms;
    },
  };
  const stubs: object[] = [];
  const calls = new RemoteCalls(() => {
    const stub = { number: stubs.length };
    stubs.push(stub);
    return stub;
  }, time);
  const call = async () => {
    clock.now += clock.tryTakesMs;
    const next = faults.shift();
    if (next !== undefined) throw next;
    return 'answer';
  };
  return { calls, call, waits, clock, faults, stubs };
}

describe('RemoteCalls', () => {
  it('[S4] retries a read after growing random delays, each time through a new stub', async () => {
    const { calls, call, waits, stubs } = begin(fault(PASSING), fault({ ...PASSING, remote: true }));
    expect(await calls.read(call)).toBe('answer');
    expect(waits).toEqual([CALL_REPEAT_WITHIN_MS / 2, CALL_REPEAT_WITHIN_MS]);
    expect(new Set(stubs).size).toBe(3);
  });

  it('[S4] abandons a read after 3 attempts, a repeatable change after 2, any other after 1', async () => {
    for (const [kind, tries] of [
      ['read', 3],
      ['change', 2],
      ['once', 1],
    ] as const) {
      const { calls, call, stubs } = begin(...Array.from({ length: 5 }, () => fault(PASSING)));
      await expect(calls[kind](call), kind).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        details: { retryAfterSeconds: 1 },
      });
      expect(stubs, kind).toHaveLength(tries);
    }
  });

  it('[S4] retries nothing if the object is overloaded, was reset or fails permanently', async () => {
    for (const [how, failure] of [
      ['is overloaded', fault({ ...PASSING, overloaded: true })],
      ['is overloaded, without other details', fault({ overloaded: true, remote: true })],
      ['was reset', fault({ remote: true, durableObjectReset: true })],
      ['fails permanently', fault()],
      ['fails with something that is not an error', 'gone'],
    ] as const) {
      const { calls, call, stubs, waits } = begin(failure);
      await expect(calls.read(call), how).rejects.toMatchObject({ code: 'UNAVAILABLE', cause: failure });
      expect([stubs.length, waits], how).toEqual([1, []]);
    }
  });

  it('[H12] advises no retry if the object itself failed in the call', async () => {
    const failure = fault({ remote: true });
    const { calls, call, stubs } = begin(failure);
    await expect(calls.read(call)).rejects.toMatchObject({ code: 'INTERNAL', details: {}, cause: failure });
    expect(stubs).toHaveLength(1);
  });

  it('[S4] passes a refusal on unchanged, at once', async () => {
    const refusal = new RegistryError('CONFLICT', 'no');
    const { calls, call, stubs } = begin(refusal);
    await expect(calls.read(call)).rejects.toBe(refusal);
    expect(stubs).toHaveLength(1);
  });

  it('[S4] starts no retry after its deadline, however few attempts there were', async () => {
    const { calls, call, clock, stubs, waits } = begin(fault(PASSING), fault(PASSING));
    clock.tryTakesMs = CALL_REPEATS_WINDOW_MS;
    await expect(calls.read(call)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect([stubs.length, waits]).toEqual([1, []]);
  });

  it('[S4] stops retrying while everything fails, and resumes when enough calls succeed again', async () => {
    const { calls, call, faults, stubs } = begin();
    const outage = 300;
    for (let n = 0; n < outage; n += 1) {
      faults.splice(0, faults.length, ...Array.from({ length: 3 }, () => fault(PASSING)));
      await expect(calls.read(call)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    }
    expect(stubs.length).toBeLessThan(outage + CALL_REPEAT_TOKENS_MAX_COUNT / 2);
    faults.length = 0;
    for (let n = 0; n < 10 * CALL_REPEAT_TOKENS_MAX_COUNT; n += 1) await calls.once(call);
    faults.push(fault(PASSING));
    expect(await calls.read(call)).toBe('answer');
  });
});
