import { describe, expect, it } from 'vitest';
import type { Override, Subscriber } from '../../client/wire/answers';
import type { Instance } from '../../client/wire/instance';
import { commandOf, effectOfCommand, formOf } from './act-form';
import { actsOn, effectOf, isAvailableWith, progressOf, readersOf } from './acts';
import { withoutQuarantine } from './override';

const instance = {
  id: 'a',
  weight: 1,
  status: 'up',
  enabled: true,
  quarantined: false,
  healthy: true,
  available: true,
  overridden: false,
} as Instance; // `as`: the functions read no other member

const OPERATOR = { operates: true, owns: false };
const OWNER = { operates: false, owns: true };
const override = (body: Partial<Override>): Override => ({
  actor: 'ops',
  revision: 7,
  updatedAt: '2026-11-20T10:00:00.000Z',
  ...body,
});

describe('the acts that are offered', () => {
  it('are those of an operator on an instance that is up', () => {
    expect(actsOn({ instance }, OPERATOR)).toEqual(['take-out', 'settings', 'deregister']);
  });

  it('are none without a grant', () => {
    expect(actsOn({ instance }, { operates: false, owns: false })).toEqual([]);
  });

  it('let an owner drain and remove, but set no override', () => {
    expect(actsOn({ instance: { ...instance, overridden: true, quarantined: true } }, OWNER)).toEqual([
      'take-out',
      'deregister',
    ]);
  });

  it('begin with lifting the quarantine of a quarantined instance', () => {
    const acts = actsOn({ instance: { ...instance, overridden: true, quarantined: true } }, OPERATOR);
    expect(acts).toEqual(['lift', 'take-out', 'settings', 'clear', 'deregister']);
  });

  it('begin with cancelling a drain, and leave its quarantine alone', () => {
    const draining = { ...instance, status: 'draining' as const, overridden: true, quarantined: true };
    expect(actsOn({ instance: draining }, OPERATOR)).toEqual(['cancel-drain', 'deregister']);
    expect(actsOn({ instance: draining }, OWNER)).toEqual(['cancel-drain', 'deregister']);
  });

  it('lift what an instance that is gone has left', () => {
    const left = { instance: undefined, override: override({ quarantine: {} }) };
    expect(actsOn(left, OPERATOR)).toEqual(['lift', 'clear']);
    expect(actsOn(left, OWNER)).toEqual([]);
  });
});

describe('the effect that is shown beforehand', () => {
  const service = { instances: 24, available: 12 };

  it('names the last available instance', () => {
    expect(effectOf({ instances: 3, available: 1 }, true, false)).toEqual({
      change: 'out',
      instances: 3,
      available: 1,
      isLast: true,
    });
    expect(effectOf({ instances: 3, available: 2 }, true, false).isLast).toBe(false);
    expect(effectOf({ instances: 3, available: 1 }, false, false).isLast).toBe(false);
  });

  it('takes an instance out by each setting that stops traffic', () => {
    for (const body of [{ enabled: false }, { weight: 0 }, { status: 'down' as const }, { quarantine: {} }]) {
      expect(isAvailableWith(instance, body), JSON.stringify(body)).toBe(false);
    }
    expect(isAvailableWith(instance, { weight: 5 })).toBe(true);
    expect(isAvailableWith({ ...instance, healthy: false }, {})).toBe(false);
  });

  it('brings an instance back that a quarantine keeps out', () => {
    const quarantined = { ...instance, quarantined: true, available: false };
    const before = { instance: quarantined, override: override({ quarantine: {} }), service };
    expect(effectOfCommand({ kind: 'lift', override: undefined }, before)?.change).toBe('in');
    expect(effectOfCommand({ kind: 'lift', override: { weight: 0 } }, before)?.change).toBe('none');
    expect(effectOfCommand({ kind: 'cancel-drain' }, before)).toBeUndefined();
  });

  it('counts on the usual registration where an override hides it', () => {
    const down = { ...instance, weight: 0, status: 'down' as const, available: false };
    const before = { instance: down, override: override({ weight: 0, status: 'down' }), service };
    expect(effectOfCommand({ kind: 'clear', override: undefined }, before)?.change).toBe('in');
  });

  it('counts the readers that can acknowledge, and those that can’t', () => {
    const socket = { kind: 'socket', sentRevision: 3, acknowledgedRevision: 3, lag: 0 } as const;
    const subscribers = [
      { id: 'a', ...socket },
      { id: 'page', observer: true as const, ...socket },
    ];
    expect(
      readersOf(
        { subscribers, blind: { plain: 2, cached: 1 }, unknown: ['plain', 'poll'], safeAfterMs: 900 },
        subscribers,
      ),
    ).toEqual({
      subscribers: ['a'],
      blind: 1,
      isUnsure: true,
      safeAfterMs: 900,
    });
  });
});

describe('the command of a form', () => {
  const NOW = Date.UTC(2026, 10, 20, 12);
  const form = formOf(undefined, true);

  it('pauses for ten minutes at first, and keeps the rest of the override', () => {
    const before = { instance, override: override({ weight: 2 }) };
    expect(commandOf('take-out', before, { ...form, reason: ' bad disk ' }, NOW)).toEqual({
      kind: 'pause',
      override: { weight: 2, quarantine: { until: '2026-11-20T12:10:00.000Z', reason: 'bad disk' } },
    });
    expect(commandOf('take-out', { instance, override: undefined }, { ...form, pauseMs: 0 }, NOW)).toEqual({
      kind: 'pause',
      override: { quarantine: {} },
    });
  });

  it('drains for an owner that may not operate the service', () => {
    expect(commandOf('take-out', { instance, override: undefined }, formOf(undefined, false), NOW)).toEqual({
      kind: 'drain',
      waitMs: 30_000,
    });
  });

  it('clears an override of which no setting is left, and is none if nothing changes', () => {
    const before = { instance, override: override({ weight: 2 }) };
    const same = formOf(before.override, true);
    expect(commandOf('settings', before, same, NOW)).toBeUndefined();
    expect(commandOf('settings', before, { ...same, weight: '' }, NOW)).toEqual({
      kind: 'settings',
      override: undefined,
    });
    expect(commandOf('settings', before, { ...same, isEnabled: false, status: 'down' }, NOW)).toEqual({
      kind: 'settings',
      override: { enabled: false, weight: 2, status: 'down' },
    });
  });

  it('lifts the quarantine alone', () => {
    const both = override({ weight: 0, quarantine: { reason: 'x' } });
    expect(withoutQuarantine(both)).toEqual({ weight: 0 });
    expect(withoutQuarantine(override({ quarantine: {} }))).toBeUndefined();
    expect(commandOf('lift', { instance, override: both }, form, NOW)).toEqual({
      kind: 'lift',
      override: { weight: 0 },
    });
  });
});

describe('the progress of a change', () => {
  const subscriber = (id: string, acknowledgedRevision: number, rest: Partial<Subscriber> = {}): Subscriber => ({
    id,
    kind: 'socket',
    sentRevision: 9,
    acknowledgedRevision,
    lag: 0,
    ...rest,
  });

  it('counts who has acknowledged a revision, and names the others', () => {
    const all = [subscriber('a', 9), subscriber('b', 8, { lag: 2 }), subscriber('c', 10)];
    expect(progressOf(all, new Set(['a', 'b', 'c']), 9)).toEqual({
      acknowledged: 2,
      all: 3,
      behind: [{ id: 'b', lag: 2 }],
    });
  });

  it('waits for no observer, and for none that subscribed later', () => {
    const all = [subscriber('a', 9), subscriber('page', 0, { observer: true }), subscriber('later', 0)];
    expect(progressOf(all, new Set(['a', 'page']), 9)).toEqual({ acknowledged: 1, all: 1, behind: [] });
  });

  it('does not count a subscriber that has left', () => {
    expect(progressOf([subscriber('a', 9)], new Set(['a', 'gone']), 9)).toEqual({
      acknowledged: 1,
      all: 1,
      behind: [],
    });
  });
});
