import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { key } from '../../../../test/fixtures/definition';
import { START } from '../../../../test/fixtures/hand-platform';
import { renew } from './commit';
import { renewalsOf } from './renewals';

function begin(input = {}) {
  const awake = new AwakeNamespace();
  awake.platform.jump(500);
  awake.put('a', input, { registeredAt: START + 500 });
  const entry = awake.state.catalog.instance(key('a'));
  if (entry === undefined) throw new Error('it was just put');
  return { awake, entry };
}

describe('renewalsOf', () => {
  it('[J8] tells the last renewal and the longest gap, by the clock', () => {
    const { awake, entry } = begin();
    for (const ms of [100, 900, 300]) {
      awake.platform.jump(ms);
      renew(awake.state, entry, awake.state.time.now());
    }
    expect(renewalsOf(awake.state, entry)).toEqual({
      lastAt: START + 1_800,
      longestGapMs: 900,
      gapsSince: START + 500,
    });
  });

  it('[J8] counts a registration as a renewal', () => {
    const { awake, entry } = begin();
    awake.platform.jump(700);
    awake.put('a', { weight: 2 }, { registeredAt: START + 500 });
    expect(renewalsOf(awake.state, entry)).toMatchObject({ lastAt: START + 1_200, longestGapMs: 700 });
  });

  it('knows nothing of one without a lease', () => {
    const { awake, entry } = begin({ ephemeral: false });
    expect(renewalsOf(awake.state, entry)).toBeUndefined();
  });
});
