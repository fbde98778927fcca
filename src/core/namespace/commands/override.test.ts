import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { key } from '../../../../test/fixtures/definition';
import { START } from '../../../../test/fixtures/hand-platform';
import type { Override } from '../../../model/override';
import { clearOverride, putOverride } from './override';

const OPERATOR = { tokenId: 'operator', operates: true };

function begin(override?: Override) {
  const awake = new AwakeNamespace();
  awake.put('a');
  if (override !== undefined) awake.override('a', override);
  const draft = awake.draft();
  const put = (given: Override, precondition = {}) => putOverride(draft, OPERATOR, key('a'), given, precondition);
  return { awake, draft, put };
}

describe('putOverride', () => {
  it('[O1] stores the values, their author and their time', () => {
    const { draft, put } = begin();
    expect(put({ weight: 2, enabled: false })).toBe('created');
    const record = { override: { enabled: false, weight: 2 }, actor: 'operator', updatedAt: START };
    expect([...draft.changes]).toMatchObject([{ kind: 'override', cause: 'overridden', record }]);
  });

  it('[J1] has a cause of its own for a quarantine', () => {
    const { draft, put } = begin();
    put({ quarantine: {} });
    expect(draft.cause).toBe('quarantined');
  });

  it('[R2] with the same values in any order changes nothing', () => {
    const { draft, put } = begin({
      enabled: false,
      weight: 2,
      quarantine: { until: '2031-01-01T00:00:00Z', reason: 'x' },
    });
    expect(put({ quarantine: { reason: 'x', until: '2031-01-01T00:00:00Z' }, weight: 2, enabled: false })).toBe(
      'unchanged',
    );
    expect(draft.isEmpty).toBe(true);
    expect(put({ weight: 2, enabled: false })).toBe('changed');
  });

  it('[O3] accepts an override for a removed instance while the old one lingers', () => {
    const { awake } = begin({ weight: 2 });
    awake.remove('a');
    const draft = awake.draft();
    expect(putOverride(draft, OPERATOR, key('a'), { weight: 3 }, {})).toBe('changed');
  });

  it('requires an existing instance, and checks its precondition', () => {
    const { draft, put } = begin();
    expect(() => putOverride(draft, OPERATOR, key('b'), { weight: 1 }, {})).toThrow(
      expect.objectContaining({ code: 'INSTANCE_NOT_FOUND' }),
    );
    expect(() => put({ weight: 1 }, { revision: 1 })).toThrow(expect.objectContaining({ code: 'REVISION_MISMATCH' }));
  });
});

describe('clearOverride', () => {
  it('[O2] removes it, and succeeds if there is none', () => {
    const { awake, draft } = begin({ weight: 2 });
    clearOverride(draft, OPERATOR, key('a'), {});
    expect([...draft.changes]).toMatchObject([{ kind: 'override', cause: 'overridden', record: null }]);
    const none = awake.draft();
    clearOverride(none, OPERATOR, key('b'), {});
    expect(none.isEmpty).toBe(true);
    expect(() => clearOverride(none, OPERATOR, key('b'), { absent: false })).toThrow(
      expect.objectContaining({ code: 'REVISION_MISMATCH' }),
    );
  });
});
