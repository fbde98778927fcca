import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../test/fixtures/awake-namespace';
import { START } from '../../test/fixtures/hand-platform';
import { ALARM_SPACING_MIN_MS } from '../model/limits';
import { arm } from './arming';

const armed = ({ platform, state }: AwakeNamespace) => {
  arm(state);
  return platform.armings.map((at) => at - START);
};

describe('arm', () => {
  it('[L11] does nothing where nothing is ever due', () => {
    const awake = new AwakeNamespace();
    awake.put('a', { ephemeral: false });
    expect(armed(awake)).toEqual([]);
  });

  it('[L11, I8] arms for the earliest deadline, and again only for an earlier one', () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    expect(armed(awake)).toEqual([30_000]);
    awake.put('b', { lease: { ttlMs: 60_000 } });
    expect(armed(awake)).toEqual([30_000]);
    awake.put('c', { lease: { ttlMs: 20_000 } });
    awake.put('d', { ephemeral: false }, { drainEndsAt: START + 10_000 });
    expect(armed(awake)).toEqual([30_000, 10_000]);
    expect(awake.state.counters).toMatchObject({ alarmsArmed: 2 });
  });

  it('[L11] arms no more for renewals, which only move deadlines later', () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    arm(awake.state);
    awake.platform.jump(10_000);
    awake.state.leases.renew(0, awake.state.time.now());
    expect(armed(awake)).toEqual([30_000]);
  });

  it('[L11] arms again once the alarm has fired', () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    arm(awake.state);
    awake.platform.alarmFired();
    expect(armed(awake)).toEqual([30_000, 30_000]);
  });

  it('[L11] never arms closer than 250 ms after the alarm that ran last', () => {
    const awake = new AwakeNamespace();
    awake.put('a', { lease: { ttlMs: 1_000 } });
    awake.platform.jump(900);
    awake.state.attention.alarmRanAt = awake.state.time.now();
    expect(armed(awake)).toEqual([900 + ALARM_SPACING_MIN_MS]);
  });

  it('[L10, L11] arms by the clock: anew where it was set back, for the same moment as before', () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    arm(awake.state);
    awake.state.attention.alarmRanAt = awake.state.time.now();
    awake.platform.jump(-3_600_000);
    awake.state.time.now();
    expect(armed(awake)).toEqual([30_000, 30_000 - 3_600_000]);
  });

  it('[I8] counts a row for the alarm', () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    const { rowsWritten } = awake.state.counters;
    arm(awake.state);
    expect(awake.state.counters.rowsWritten).toBe(rowsWritten + 1);
  });
});
