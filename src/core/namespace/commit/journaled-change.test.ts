import { describe, expect, it } from 'vitest';
import { key } from '../../../../test/fixtures/definition';
import { JOURNAL_PART_MAX_BYTES } from '../../../model/limits';
import { decodeChanges, encodeParts, type JournaledChange } from './journaled-change';

const change = (id: string, given: Partial<JournaledChange> = {}): JournaledChange => ({
  kind: 'instance',
  ...key(id),
  cause: 'registered',
  previous: 0,
  servicePrevious: 0,
  before: null,
  after: '{}',
  ...given,
});

describe('encodeParts', () => {
  it('[J1] is read as it was written, texts of records as texts', () => {
    const changes = [
      change('a', { before: '{"x":"\\"}"}', after: null, renewals: { lastAt: 1, longestGapMs: 2, gapsSince: 3 } }),
      change('ä', { kind: 'override', watchers: 3 }),
    ];
    const parts = encodeParts(changes);
    expect(parts).toHaveLength(1);
    expect(parts.flatMap(decodeChanges)).toEqual(changes);
  });

  it('[J2] ends a part before it would be too long for a row, counted in bytes', () => {
    const after = JSON.stringify('ä'.repeat(JOURNAL_PART_MAX_BYTES / 5));
    const parts = encodeParts([change('a', { after }), change('b', { after }), change('c', { after })]);
    expect(parts.map((part) => decodeChanges(part).map(({ id }) => id))).toEqual([['a', 'b'], ['c']]);
  });
});
