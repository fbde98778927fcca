import { describe, expect, it } from 'vitest';
import type { Override } from '../../client/wire/answers';
import type { WatchedService } from '../../client/wire/frames';
import type { HistoryChange, HistoryEntry } from '../../client/wire/history-answers';
import { rollbackPreview } from './rollback-preview';

const NOW = Date.parse('2026-11-21T12:00:00.000Z');
const KEY = { group: 'g', service: 's', cause: 'overridden', watchers: 0 } as const;

const override = (settings: Partial<Override>): Override => ({
  actor: 'ops',
  revision: 1,
  updatedAt: '2026-11-21T10:00:00.000Z',
  ...settings,
});

const overridden = (id: string, before: Override | null, after: Override | null): HistoryChange => ({
  ...KEY,
  kind: 'override',
  id,
  before,
  after,
});

const definition = (protectThreshold: number, revision: number): WatchedService => ({
  group: 'g',
  name: 's',
  persistent: true,
  metadata: {},
  protectThreshold,
  revision,
});

const redefined = (before: WatchedService | null, after: WatchedService | null): HistoryChange => ({
  ...KEY,
  kind: 'service',
  before,
  after,
});

const removed = (id: string): HistoryChange => ({ ...KEY, kind: 'instance', id, before: null, after: null });

/** Previews a rollback over changes, oldest first, each of a revision of its own. */
function effectOf(...changes: HistoryChange[]) {
  const entries = changes.map(
    (change, index): HistoryEntry => ({
      revision: index + 1,
      cursor: `c${index + 1}`,
      at: '2026-11-21T11:00:00.000Z',
      cause: change.cause,
      actor: 'ops',
      changes: [change],
    }),
  );
  return rollbackPreview(entries.reverse(), NOW).effect;
}

const NONE = { restored: [], removed: [], gone: [] };

describe('rollbackPreview', () => {
  it('changes nothing if operators changed nothing', () => {
    expect(effectOf()).toEqual(NONE);
  });

  it('removes an override that was set, and restores one that was changed or removed', () => {
    const one = override({ weight: 1 });
    expect(
      effectOf(
        overridden('set', null, one),
        overridden('changed', one, override({ weight: 2 })),
        overridden('removed', one, null),
      ),
    ).toEqual({ restored: ['changed', 'removed'], removed: ['set'], gone: [] });
  });

  it('compares the first state with the last, whatever was between', () => {
    const one = override({ weight: 1 });
    const again = override({ weight: 1, actor: 'other', revision: 9, updatedAt: '2026-11-21T11:30:00.000Z' });
    expect(effectOf(overridden('a', one, null), overridden('a', null, again))).toEqual(NONE);
    expect(effectOf(overridden('a', null, one), overridden('a', one, null))).toEqual(NONE);
  });

  it('does not start a quarantine again that would have ended', () => {
    const ended = { quarantine: { until: '2026-11-21T11:59:59.000Z' } };
    expect(effectOf(overridden('a', override(ended), null))).toEqual(NONE);
    expect(effectOf(overridden('a', override({ ...ended, weight: 3 }), null)).restored).toEqual(['a']);
    const lasting = override({ quarantine: { until: '2026-11-21T12:00:01.000Z' } });
    expect(effectOf(overridden('a', lasting, null)).restored).toEqual(['a']);
  });

  it('lists an instance with an override then that is gone', () => {
    expect(effectOf(overridden('a', override({ weight: 1 }), null), removed('a'))).toEqual({ ...NONE, gone: ['a'] });
  });

  it('restores or removes the settings of the service', () => {
    expect(effectOf(redefined(definition(0, 1), definition(0.5, 2)))).toEqual({ ...NONE, service: 'restored' });
    expect(effectOf(redefined(null, definition(0.5, 2)))).toEqual({ ...NONE, service: 'removed' });
    expect(effectOf(redefined(definition(0, 1), null))).toEqual({ ...NONE, service: 'restored' });
    expect(effectOf(redefined(definition(0, 1), null), redefined(null, definition(0, 3)))).toEqual(NONE);
  });
});
