import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  METRICS_CALL_MAX_MS,
  METRICS_CALLS_AT_ONCE_MAX_COUNT,
  METRICS_COLLECT_MAX_MS,
  METRICS_IDLE_MAX_AGE_MS,
  METRICS_IDLE_MAX_COUNT,
} from '../../model/limits';
import { NamespaceFigures } from './namespace-figures';

/** Members that distinguish an idle namespace. */
interface Activity {
  leases?: number;
  sessions?: number;
  sockets?: number;
}

function begin() {
  const asked: string[] = [];
  const state = {
    now: 1_000_000,
    activity: {} as Record<string, Activity>,
    changes: {} as Record<string, number>,
    /** Called before a namespace answers. */
    before: async (_id: string): Promise<void> => {},
    missing: [] as string[],
    pending: 0,
    maxPending: 0,
  };
  const statsOf = async (id: string) => {
    asked.push(id);
    state.pending += 1;
    state.maxPending = Math.max(state.maxPending, state.pending);
    const body = JSON.stringify({ leases: 0, sessions: 0, sockets: 0, ...state.activity[id] });
    await state.before(id).finally(() => {
      state.pending -= 1;
    });
    return { cursor: 'cE.1.x', body };
  };
  const figures = new NamespaceFigures({
    open: (id) => (state.missing.includes(id) ? undefined : { calls: { stats: () => statsOf(id) } }),
    changesOf: (id) => state.changes[id] ?? 0,
    now: () => state.now,
  });
  const scrape = async (...ids: string[]) => [...(await figures.of(ids, 'token')).keys()];
  return { figures, state, asked, scrape };
}

const many = (count: number) => Array.from({ length: count }, (_, index) => `ns-${index}`);

describe('NamespaceFigures', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('[G12] returns the figures in the order asked for, without namespaces that are missing or fail', async () => {
    const { state, scrape } = begin();
    state.missing = ['gone'];
    state.before = async (id) => {
      if (id === 'broken') throw new Error('the disk is lost');
    };
    expect(await scrape('z', 'gone', 'broken', 'a')).toEqual(['z', 'a']);
  });

  it('[G12] waits for a namespace that hangs no longer than its timeout, and for the others not at all', async () => {
    const { state, scrape } = begin();
    state.before = (id) => (id === 'hangs' ? new Promise(() => {}) : Promise.resolve());
    const scraping = scrape('hangs', 'a', 'b');
    await vi.advanceTimersByTimeAsync(METRICS_CALL_MAX_MS);
    expect(await scraping).toEqual(['a', 'b']);
  });

  it('[G12] uses an answer that came too late for one scrape in the next', async () => {
    const { state, asked, scrape } = begin();
    const { promise, resolve } = Promise.withResolvers<void>();
    state.before = () => promise;
    const scraping = scrape('slow');
    await vi.advanceTimersByTimeAsync(METRICS_CALL_MAX_MS);
    expect(await scraping).toEqual([]);
    resolve();
    await vi.advanceTimersByTimeAsync(0);
    expect(await scrape('slow')).toEqual(['slow']);
    expect(asked).toEqual(['slow']);
  });

  it('[G12] reads a limited number at a time, and none after its own deadline', async () => {
    const { state, asked, scrape } = begin();
    state.before = () => new Promise(() => {});
    const ids = many(10 * METRICS_CALLS_AT_ONCE_MAX_COUNT);
    const scraping = scrape(...ids);
    await vi.advanceTimersByTimeAsync(0);
    expect(asked).toHaveLength(METRICS_CALLS_AT_ONCE_MAX_COUNT);
    await vi.advanceTimersByTimeAsync(METRICS_COLLECT_MAX_MS + METRICS_CALL_MAX_MS);
    expect(await scraping).toEqual([]);
    const rounds = Math.ceil(METRICS_COLLECT_MAX_MS / METRICS_CALL_MAX_MS);
    expect(asked).toHaveLength(rounds * METRICS_CALLS_AT_ONCE_MAX_COUNT);
  });

  it('[G12] reads all of many namespaces', async () => {
    const { state, asked, scrape } = begin();
    const ids = many(10 * METRICS_CALLS_AT_ONCE_MAX_COUNT);
    expect(await scrape(...ids)).toEqual(ids);
    expect(asked.sort()).toEqual([...ids].sort());
    expect(state.maxPending).toBeLessThanOrEqual(METRICS_CALLS_AT_ONCE_MAX_COUNT);
  });

  it('[G13] reads an idle namespace once in minutes, and every other one at each scrape', async () => {
    const { state, asked, scrape } = begin();
    state.activity = { leased: { leases: 1 }, held: { sessions: 1 }, watched: { sockets: 1 } };
    const all = ['idle', 'leased', 'held', 'watched'];
    expect(await scrape(...all)).toEqual(all);
    state.now += METRICS_IDLE_MAX_AGE_MS / 2 - 1;
    asked.length = 0;
    expect(await scrape(...all)).toEqual(all);
    expect(asked).toEqual(['leased', 'held', 'watched']);
    state.now += METRICS_IDLE_MAX_AGE_MS / 2 + 1;
    asked.length = 0;
    await scrape('idle');
    expect(asked).toEqual(['idle']);
    state.now -= 1_000;
    await scrape('idle');
    expect(asked, 'the clock was set back').toEqual(['idle', 'idle']);
  });

  it('[G13] reads an idle namespace again after a change or a socket through this isolate', async () => {
    const { figures, state, asked, scrape } = begin();
    await scrape('a', 'b', 'c');
    asked.length = 0;
    state.changes.a = 1;
    figures.socketOpened('b');
    await scrape('a', 'b', 'c');
    expect(asked).toEqual(['a', 'b']);
    await scrape('a', 'b', 'c');
    expect(asked).toEqual(['a', 'b']);
  });

  it('[G13] caches no figures that a change or a socket may have outdated', async () => {
    const { figures, state, asked, scrape } = begin();
    state.before = async (id) => {
      if (id === 'a') state.changes.a = (state.changes.a ?? 0) + 1;
      else figures.socketOpened(id);
    };
    await scrape('a');
    await scrape('b');
    await scrape('a', 'b');
    expect(asked).toEqual(['a', 'b', 'a', 'b']);
  });

  it('[G13] caches a limited number, the newest', async () => {
    const { asked, scrape } = begin();
    await scrape(...many(METRICS_IDLE_MAX_COUNT + 1));
    asked.length = 0;
    await scrape('ns-1', 'ns-0');
    expect(asked).toEqual(['ns-0']);
  });
});
