import { describe, expect, it, onTestFinished } from 'vitest';
import { HandTime } from '../../../test/fixtures/hand-time';
import { turn } from '../../../test/fixtures/turns';
import { ClientCore } from '../wire/client-core';
import { keepLease, suspensionAware } from './lease';

const TTL_MS = 9_000;

const json = (body: object, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });

const GONE = () => json({ code: 'LEASE_NOT_FOUND', detail: 'gone' }, 404);

/** A registry with one lease, whose answers a test may delay or replace. */
async function stage() {
  const time = new HandTime();
  time.random = () => 1;
  const made: string[] = [];
  let answer: () => Response | Promise<Response> = () => json({ id: '12', ttlMs: TTL_MS, remainingMs: TTL_MS });
  const core = new ClientCore(
    {
      url: 'https://registry.example',
      fetch: async (url, { method } = {}) => {
        made.push(`${method} ${new URL(url).pathname.replace('/api/v1/ns/public', '')}`);
        return answer();
      },
    },
    time,
  );
  const lease = await keepLease(core, { ttlMs: TTL_MS });
  onTestFinished(() => void lease.revoke());
  /** Advances the time in steps, so that answers arrive between them. */
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 1_000) {
      time.advance(Math.min(1_000, ms - passed));
      await turn();
    }
  };
  const respond = (next: typeof answer) => {
    answer = next;
  };
  let isLost = false;
  void lease.lost.then(() => {
    isLost = true;
  });
  return { core, time, made, lease, pass, respond, isLost: () => isLost };
}

const RENEWAL = 'POST /leases/12/renew';

describe('a granted lease', () => {
  it('is renewed three times in its time to live, until it is revoked', async () => {
    const { made, lease, pass, core, isLost } = await stage();
    await pass(3 * TTL_MS);
    expect([lease.isHeld, lease.id, lease.ttlMs, made.filter((line) => line === RENEWAL)]).toMatchObject([
      true,
      '12',
      TTL_MS,
      { length: 9 },
    ]);
    expect(core.opened.size).toBe(1);
    await lease.revoke();
    await pass(3 * TTL_MS);
    expect(made.filter((line) => line === RENEWAL)).toHaveLength(9);
    expect([made.at(-1), lease.isHeld, lease.signal.aborted, isLost(), core.opened.size]).toEqual([
      'DELETE /leases/12',
      false,
      true,
      false,
      0,
    ]);
  });

  it('[LK2] is lost before its time to live has passed since the last confirmed renewal was sent', async () => {
    const { time, lease, pass, respond, isLost } = await stage();
    let confirm = () => {};
    respond(
      () =>
        new Promise((resolve) => {
          confirm = () => resolve(json({ id: '12', ttlMs: TTL_MS }));
        }),
    );
    // Sent now, and answered a second later.
    time.advance(3_000);
    await turn();
    const sentAt = time.now();
    time.advance(1_000);
    respond(() => {
      throw new TypeError('socket closed');
    });
    confirm();
    await turn();
    await pass(sentAt + TTL_MS - 100 - time.now());
    expect([lease.isHeld, isLost()]).toEqual([true, false]);
    await pass(99);
    expect([lease.isHeld, isLost(), lease.signal.aborted]).toEqual([false, true, true]);
    expect(lease.signal.reason).toMatchObject({ code: 'LEASE_NOT_FOUND' });
  });

  it('[LK2] is not held right after a freeze that outlasts it, before any timer has run', async () => {
    const { time, lease } = await stage();
    const frozen = time.now() + TTL_MS;
    time.now = () => frozen;
    expect([lease.signal.aborted, lease.isHeld]).toEqual([false, false]);
  });

  it('[LK2] is not held after a suspension in which only the wall clock went on', async () => {
    const { time, lease, pass } = await stage();
    expect(lease.isHeld).toBe(true);
    const { wallClock } = time;
    time.wallClock = () => wallClock() + TTL_MS;
    expect(lease.isHeld).toBe(false);
    // The next renewal is due by now as well, and if the registry confirms it, it has not ended the lease.
    await pass(3_000);
    expect([lease.isHeld, lease.signal.aborted]).toEqual([true, false]);
  });

  it('[LK2] is lost at once when the registry has ended it', async () => {
    const { made, lease, pass, respond, isLost, core } = await stage();
    respond(GONE);
    await pass(3_000);
    expect([lease.isHeld, isLost(), core.opened.size]).toEqual([false, true, 0]);
    const count = made.length;
    await pass(3 * TTL_MS);
    expect(made).toHaveLength(count);
  });

  it('is revoked when it is lost, as others may wait for it', async () => {
    const { made, pass, respond } = await stage();
    respond(() => {
      throw new TypeError('socket closed');
    });
    await pass(TTL_MS);
    expect(made.at(-1)).toBe('DELETE /leases/12');
  });

  it('is held if all connections but a new one are dead, and renewed by an attempt that is only slow', async () => {
    const { made, lease, pass, respond, isLost } = await stage();
    const answers: (() => void)[] = [];
    respond(() => new Promise((resolve) => answers.push(() => resolve(json({ id: '12', ttlMs: TTL_MS })))));
    await pass(6_000);
    expect(made.filter((line) => line === RENEWAL).length).toBeGreaterThanOrEqual(3);
    // The second of them was sent after less than four seconds.
    answers[1]?.();
    await pass(TTL_MS - 2_500);
    expect([lease.isHeld, isLost()]).toEqual([true, false]);
    await pass(1_000);
    expect([lease.isHeld, isLost()]).toEqual([false, true]);
  });

  it('is held through renewals that fail', async () => {
    const { lease, pass, respond, isLost } = await stage();
    respond(() => json({ code: 'UNAVAILABLE', detail: 'no' }, 503));
    await pass(TTL_MS - 2_000);
    respond(() => json({ id: '12', ttlMs: TTL_MS }));
    await pass(2_000);
    expect([lease.isHeld, isLost()]).toEqual([true, false]);
    await pass(TTL_MS);
    expect(lease.isHeld).toBe(true);
  });
});

it.each([Number.NaN, Number.POSITIVE_INFINITY, undefined, null])(
  'a lease of %s ms is refused before a request, in which it would have no end',
  async (ttlMs) => {
    const core = new ClientCore(
      { url: 'https://registry.example', fetch: () => Promise.reject(new Error('asked')) },
      new HandTime(),
    );
    // `as`: a program without types may pass anything.
    await expect(keepLease(core, { ttlMs: ttlMs as number })).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  },
);

describe('a clock that counts suspensions', () => {
  it('never goes back, and is ahead by what the wall clock is', () => {
    const time = new HandTime();
    const { wallClock } = time;
    const clock = suspensionAware(time);
    const start = clock.now();
    time.wallClock = () => wallClock() + 500;
    expect(clock.now() - start).toBe(500);
    time.wallClock = () => wallClock() - 10_000;
    expect(clock.now() - start).toBe(500);
    time.advance(100);
    expect(clock.now() - start).toBe(600);
  });
});
