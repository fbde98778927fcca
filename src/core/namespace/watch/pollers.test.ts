import { describe, expect, it } from 'vitest';
import { POLLER_LINGER_MS, POLLERS_PER_NAMESPACE_MAX_COUNT, POLLERS_PER_TOKEN_MAX_COUNT } from '../../../model/limits';
import { type Poller, Pollers } from './pollers';

const ORDERS = { group: 'DEFAULT_GROUP', service: 'orders' };

function stage() {
  const expired: string[] = [];
  const pollers = new Pollers(
    ({ subscriber }) => expired.push(subscriber),
    () => POLLER_LINGER_MS,
  );
  const note = (subscriber: string, now = 0, { tokenId = 't', service = ORDERS } = {}): Poller | undefined =>
    pollers.note({ subscriber, tokenId, address: undefined }, service, now);
  const noteMany = (tokenId: string, count: number, now = 0) => {
    for (let each = 0; each < count; each++) note(`${tokenId}-${each}`, now, { tokenId });
  };
  return { pollers, expired, note, noteMany };
}

describe('Pollers', () => {
  it('[W27] stores a limited number of names for a token, and never evicts known ones', () => {
    const { pollers, note, noteMany } = stage();
    const first = note('t-0');
    noteMany('t', POLLERS_PER_TOKEN_MAX_COUNT + 5);
    expect(pollers.size).toBe(POLLERS_PER_TOKEN_MAX_COUNT);
    expect(note('one-too-many')).toBeUndefined();
    expect(note('t-0')).toBe(first);
    expect(note('other', 0, { tokenId: 'u' })).toMatchObject({ subscriber: 'other' });
  });

  it('[W27] stores a limited number of names in total', () => {
    const { pollers, note, noteMany } = stage();
    noteMany('t', POLLERS_PER_TOKEN_MAX_COUNT);
    noteMany('u', POLLERS_PER_TOKEN_MAX_COUNT);
    noteMany('v', 5);
    expect(pollers.size).toBe(POLLERS_PER_NAMESPACE_MAX_COUNT);
    expect(note('v-0', 0, { tokenId: 'v' })).toBeUndefined();
    expect(note('u-0', 0, { tokenId: 'u' })).toMatchObject({ subscriber: 'u-0' });
  });

  it('[W27] forgets expired names as others are read, and has room again', () => {
    const { pollers, expired, note, noteMany } = stage();
    noteMany('t', POLLERS_PER_TOKEN_MAX_COUNT);
    note('t-7', POLLER_LINGER_MS - 1);
    note('fresh', POLLER_LINGER_MS - 1, { tokenId: 'u' });
    expect(pollers.size).toBe(POLLERS_PER_TOKEN_MAX_COUNT + 1);
    expect(note('new', 2 * POLLER_LINGER_MS - 2)).toMatchObject({ subscriber: 'new' });
    expect(pollers.size).toBe(3);
    expect(expired).toHaveLength(POLLERS_PER_TOKEN_MAX_COUNT - 1);
    expect(expired).not.toContain('t-7');
  });

  it('[W27] stays small if every read has a new name, without a drain or a list', () => {
    const { pollers, note } = stage();
    let most = 0;
    for (let now = 0; now < 100_000; now++) {
      note(`fresh-${now}`, now);
      most = Math.max(most, pollers.size);
    }
    expect(most).toBeLessThanOrEqual(POLLERS_PER_TOKEN_MAX_COUNT);
    expect(pollers.of(ORDERS, 100_000 + POLLER_LINGER_MS)).toEqual([]);
    expect(pollers.size).toBe(0);
  });

  it('[W17] forgets a name once its linger time is over', () => {
    const { pollers, note } = stage();
    note('a');
    expect(pollers.of(ORDERS, POLLER_LINGER_MS - 1)).toHaveLength(1);
    expect(pollers.of(ORDERS, POLLER_LINGER_MS)).toEqual([]);
    expect(pollers.size).toBe(0);
  });

  it('[W17] distinguishes equal names by token, group and service', () => {
    const { pollers, note } = stage();
    note('a');
    note('a', 0, { tokenId: 'u' });
    note('a', 0, { service: { ...ORDERS, group: 'shop' } });
    note('a', 0, { service: { ...ORDERS, service: 'users' } });
    expect(pollers.of(ORDERS, 0).map(({ tokenId }) => tokenId)).toEqual(['t', 'u']);
  });
});
