import { describe, expect, it } from 'vitest';
import { settle } from '../../../../test/simulation/virtual-time';
import { POLLER_LINGER_MS, POLLERS_PER_TOKEN_MAX_COUNT } from '../../../model/limits';
import type { Poller } from './pollers';
import { type BarrierOutcome, Receipts } from './receipts';

const ORDERS = { group: 'DEFAULT_GROUP', service: 'orders' };
const KEY = { ...ORDERS, id: 'a' };
const UNTIL = 30_000;

function stage() {
  const receipts = new Receipts(() => POLLER_LINGER_MS);
  const poll = (
    subscriber: string,
    { acknowledged = 0, sent = 0, now = 0, service = ORDERS, tokenId = 't' } = {},
  ): Poller => {
    receipts.notePoll({ subscriber, tokenId, address: '10.0.0.9' }, service, acknowledged, sent, now);
    const poller = receipts
      .pollersOf(service, now)
      .find((each) => each.subscriber === subscriber && each.tokenId === tokenId);
    if (poller === undefined) throw new Error(`${subscriber} has polled, but is unknown`);
    return poller;
  };
  const wait = (pollers: Poller[], { revision = 7, until = UNTIL, key = KEY } = {}) => {
    const seen: { outcome?: BarrierOutcome } = {};
    void receipts.wait(key, revision, pollers, until).outcome.then((outcome) => {
      seen.outcome = outcome;
    });
    return async () => {
      await settle();
      return seen.outcome;
    };
  };
  return { receipts, poll, wait };
}

describe('Receipts', () => {
  it('[W18] waits until every subscriber has acknowledged the change or a later one', async () => {
    const { receipts, poll, wait } = stage();
    const [a, b] = [poll('a'), poll('b')];
    const outcome = wait([a, b]);
    receipts.acknowledge(a, 9);
    receipts.acknowledge(b, 6);
    expect(await outcome()).toBeUndefined();
    receipts.acknowledge(b, 7);
    expect(await outcome()).toEqual({ subscribers: 2, acknowledged: 2, laggards: [] });
  });

  it('[W18] doesn’t wait if all have it, or if there are none', async () => {
    const { poll, wait } = stage();
    expect(await wait([poll('a', { acknowledged: 7 })])()).toEqual({ subscribers: 1, acknowledged: 1, laggards: [] });
    expect(await wait([])()).toEqual({ subscribers: 0, acknowledged: 0, laggards: [] });
  });

  it('[W18] stops waiting for a subscriber that was removed, and doesn’t count it', async () => {
    const { receipts, poll, wait } = stage();
    const [a, b, c] = [poll('a'), poll('b'), poll('c')];
    const outcome = wait([a, b, c]);
    receipts.acknowledge(a, 7);
    receipts.forget(a);
    receipts.forget(b);
    expect(await outcome()).toBeUndefined();
    receipts.forget(c);
    expect(await outcome()).toEqual({ subscribers: 1, acknowledged: 1, laggards: [] });
  });

  it('[W19] names the subscribers that have not acknowledged by the deadline, each once', async () => {
    const { receipts, poll, wait } = stage();
    const users = poll('slow', { service: { ...ORDERS, service: 'users' } });
    const outcome = wait([poll('slow'), users, poll('late'), poll('a', { acknowledged: 8 })]);
    for (const other of [{ id: 'b' }, { group: 'shop' }, { service: 'users' }])
      receipts.expire({ ...KEY, ...other }, UNTIL);
    receipts.expire(KEY, UNTIL - 1);
    expect(await outcome()).toBeUndefined();
    receipts.expire(KEY, UNTIL);
    expect(await outcome()).toEqual({ subscribers: 3, acknowledged: 1, laggards: ['late', 'slow'] });
  });

  it('[W19] ends all waits with the acknowledgements they have so far', async () => {
    const { receipts, poll, wait } = stage();
    const outcomes = [
      wait([poll('a'), poll('b', { acknowledged: 7 })]),
      wait([poll('a')], { key: { ...KEY, id: 'b' } }),
    ];
    receipts.end();
    expect(await Promise.all(outcomes.map((outcome) => outcome()))).toEqual([
      { subscribers: 2, acknowledged: 1, laggards: ['a'] },
      { subscribers: 1, acknowledged: 0, laggards: ['a'] },
    ]);
    expect(receipts.firstWaitEndsAt(KEY)).toBe(Number.POSITIVE_INFINITY);
  });

  it('[W19] ends each of two waits for an instance at its own time', async () => {
    const { receipts, poll, wait } = stage();
    const [short, long] = [wait([poll('a')], { until: 5 }), wait([poll('a')], { until: 9 })];
    expect(receipts.firstWaitEndsAt(KEY)).toBe(5);
    receipts.expire(KEY, 5);
    expect([(await short())?.laggards, await long()]).toEqual([['a'], undefined]);
    expect(receipts.firstWaitEndsAt(KEY)).toBe(9);
    receipts.expire(KEY, 9);
    expect([(await long())?.laggards, receipts.firstWaitEndsAt(KEY)]).toEqual([['a'], Number.POSITIVE_INFINITY]);
  });

  it('[W17] counts the cursor a poller returns with as its acknowledgement, but not an earlier one', () => {
    const { poll } = stage();
    poll('a', { sent: 5 });
    expect(poll('a', { acknowledged: 5, sent: 8 })).toMatchObject({ acknowledgedRevision: 5, sentRevision: 8 });
    expect(poll('a', { acknowledged: 3, sent: 6 })).toMatchObject({ acknowledgedRevision: 5, sentRevision: 8 });
  });

  it('[W17, W18] forgets a poller that doesn’t return, and stops waiting for it', async () => {
    const { receipts, poll, wait } = stage();
    const outcome = wait([poll('a')]);
    poll('a', { now: 9_000 });
    expect(receipts.pollersOf(ORDERS, 9_000 + POLLER_LINGER_MS - 1)).toHaveLength(1);
    expect(await outcome()).toBeUndefined();
    expect(receipts.pollersOf(ORDERS, 9_000 + POLLER_LINGER_MS)).toEqual([]);
    expect(await outcome()).toEqual({ subscribers: 0, acknowledged: 0, laggards: [] });
  });

  it('[A47, W17] accepts no acknowledgement of another token for a poller of the same name', async () => {
    const { poll, wait } = stage();
    const outcome = wait([poll('a')]);
    poll('a', { acknowledged: 7, tokenId: 'other' });
    expect(await outcome()).toBeUndefined();
    poll('a', { acknowledged: 7 });
    expect(await outcome()).toEqual({ subscribers: 1, acknowledged: 1, laggards: [] });
  });

  it('[W27] reports a poller that it has no room for', () => {
    const { receipts } = stage();
    const notePoll = (number: number) =>
      receipts.notePoll({ subscriber: `s${number}`, tokenId: 't', address: undefined }, ORDERS, 0, 0, 0);
    for (let number = 0; number < POLLERS_PER_TOKEN_MAX_COUNT; number++) expect(notePoll(number)).toBe(true);
    expect(notePoll(POLLERS_PER_TOKEN_MAX_COUNT)).toBe(false);
  });

  it('[W17] distinguishes pollers of different services', () => {
    const { receipts, poll } = stage();
    poll('a');
    poll('b', { service: { group: 'shop', service: 'orders' } });
    expect(receipts.pollersOf(ORDERS, 0).map(({ subscriber }) => subscriber)).toEqual(['a']);
  });
});
