import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { OPERATOR, OWNER } from '../../../../test/fixtures/callers';
import { key } from '../../../../test/fixtures/definition';
import { START } from '../../../../test/fixtures/hand-platform';
import type { Override } from '../../../model/override';
import { cancelDrain, deregister, drain } from './deregister';

it('[R9] deregister removes an instance, and succeeds if there is none', () => {
  const awake = new AwakeNamespace();
  awake.put('a');
  const draft = awake.draft();
  expect(deregister(draft, OWNER, key('a'), {})).toBe('removed');
  expect([...draft.changes]).toMatchObject([{ ...key('a'), cause: 'deregistered', record: null }]);
  expect(deregister(draft, OWNER, key('a'), {})).toBe('absent');
  expect(deregister(draft, OWNER, key('b'), {})).toBe('absent');
});

it('[Q4] deregister checks its precondition', () => {
  const draft = new AwakeNamespace().draft();
  expect(() => deregister(draft, OWNER, key('a'), { revision: 1 })).toThrow(
    expect.objectContaining({ code: 'REVISION_MISMATCH' }),
  );
});

describe('drain', () => {
  it('[O6] by the owner returns the time of removal, and changes nothing else', () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    const draft = awake.draft();
    expect(drain(draft, OWNER, key('a'), 500)).toBe(START + 500);
    expect([...draft.changes]).toMatchObject([
      { kind: 'instance', cause: 'drained', renewed: false, record: { drainEndsAt: START + 500, changes: 2 } },
    ]);
  });

  it('[O6] when repeated never postpones the end, but may advance it', () => {
    const awake = new AwakeNamespace();
    awake.put('a', {}, { drainEndsAt: START + 500 });
    const later = awake.draft();
    expect(drain(later, OWNER, key('a'), 900)).toBe(START + 500);
    expect(later.isEmpty).toBe(true);
    const sooner = awake.draft();
    expect(drain(sooner, OWNER, key('a'), 100)).toBe(START + 100);
    expect(sooner.isEmpty).toBe(false);
  });

  it('[O8] by an operator leaves a quarantine that ends ten minutes after the grace period', () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    awake.override('a', { weight: 5 });
    const draft = awake.draft();
    drain(draft, OPERATOR, key('a'), 60_000);
    const quarantine = { until: '2030-01-01T00:11:00.000Z', reason: 'drained by an operator' };
    expect([...draft.changes]).toMatchObject([
      { kind: 'instance', cause: 'drained' },
      { kind: 'override', cause: 'drained', record: { actor: 'operator', override: { weight: 5, quarantine } } },
    ]);
  });

  it('[O8] by an operator leaves an explicit quarantine as it is', () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    awake.override('a', { quarantine: {} });
    const draft = awake.draft();
    drain(draft, OPERATOR, key('a'), 0);
    expect([...draft.changes]).toHaveLength(1);
  });

  it('requires an existing instance', () => {
    expect(() => drain(new AwakeNamespace().draft(), OWNER, key('a'), 0)).toThrow(
      expect.objectContaining({ code: 'INSTANCE_NOT_FOUND' }),
    );
  });
});

describe('cancelDrain', () => {
  const draining = () => {
    const awake = new AwakeNamespace();
    awake.put('a', {}, { drainEndsAt: START + 500 });
    return awake;
  };
  /** The override that a drain by an operator leaves over this one. */
  const drainedOver = (override: Override) => {
    const awake = new AwakeNamespace();
    awake.put('a');
    awake.override('a', override);
    awake.commit((draft) => drain(draft, OPERATOR, key('a'), 500), OPERATOR.tokenId);
    return awake;
  };

  it('[O9] ends the drain, and changes nothing else', () => {
    const draft = draining().draft();
    expect(cancelDrain(draft, OWNER, key('a'))).toBe(true);
    expect([...draft.changes]).toMatchObject([
      { kind: 'instance', cause: 'drain-cancelled', renewed: false, record: { drainEndsAt: undefined, changes: 2 } },
    ]);
  });

  it('[O9] of an instance that is not draining changes nothing', () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    const draft = awake.draft();
    expect(cancelDrain(draft, OWNER, key('a'))).toBe(false);
    expect(draft.isEmpty).toBe(true);
  });

  it('[O9] lifts the quarantine of the drain, and keeps the rest of the override', () => {
    const draft = drainedOver({ weight: 5 }).draft();
    expect(cancelDrain(draft, OPERATOR, key('a'))).toBe(true);
    expect(draft.override(key('a'))?.record).toMatchObject({ override: { weight: 5 }, actor: OPERATOR.tokenId });
    expect(draft.override(key('a'))?.record.override.quarantine).toBeUndefined();
  });

  it('[O9] keeps a quarantine that was set on purpose, before the drain or after it', () => {
    const before = drainedOver({ quarantine: { reason: 'bad disk' } }).draft();
    cancelDrain(before, OPERATOR, key('a'));
    expect(before.override(key('a'))?.record.override.quarantine).toEqual({ reason: 'bad disk' });
    const awake = drainedOver({ weight: 5 });
    awake.override('a', { quarantine: { reason: 'drained by an operator' } });
    const after = awake.draft();
    cancelDrain(after, OWNER, key('a'));
    expect([...after.changes].map(({ kind }) => kind)).toEqual(['instance']);
  });

  it('[O9, A1] is refused to others than the owner, and to the owner after a drain by an operator', () => {
    const STRANGER = { tokenId: 'stranger' };
    const forbidden = expect.objectContaining({ code: 'FORBIDDEN' });
    expect(() => cancelDrain(draining().draft(), STRANGER, key('a'))).toThrow(forbidden);
    expect(() => cancelDrain(drainedOver({ weight: 5 }).draft(), OWNER, key('a'))).toThrow(forbidden);
    expect(() => cancelDrain(new AwakeNamespace().draft(), OWNER, key('a'))).toThrow(
      expect.objectContaining({ code: 'INSTANCE_NOT_FOUND' }),
    );
  });
});
