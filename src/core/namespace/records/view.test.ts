import { describe, expect, it } from 'vitest';
import { key } from '../../../../test/fixtures/definition';
import { instanceRecord } from '../../../../test/fixtures/instance-record';
import { effective, instanceView, isEligible, isFlapping, overrideView } from './view';

describe('effective', () => {
  const record = instanceRecord({ weight: 2, status: 'starting', metadata: { a: '1', b: '1' } });

  it('[O2] is the instance’s value if the operator set none', () => {
    expect(effective(record, undefined)).toEqual({
      weight: 2,
      status: 'starting',
      metadata: { a: '1', b: '1' },
      enabled: true,
      quarantined: false,
    });
  });

  it('[O1] is the operator’s value if set', () => {
    const override = { weight: 0, status: 'up', metadata: { b: '2', c: '2' }, enabled: false, quarantine: {} } as const;
    expect(effective(record, override)).toEqual({
      weight: 0,
      status: 'up',
      metadata: { a: '1', b: '2', c: '2' },
      enabled: false,
      quarantined: true,
    });
  });

  it('[O6] is draining during a drain, whatever else is set', () => {
    const draining = instanceRecord({}, { drainEndsAt: 5 });
    expect(effective(draining, { status: 'up' }).status).toBe('draining');
  });
});

describe('isEligible', () => {
  const eligible = effective(instanceRecord(), undefined);

  it('[V1] is true for an instance that takes traffic while healthy', () => {
    for (const [change, expected] of [
      [{}, true],
      [{ enabled: false }, false],
      [{ quarantined: true }, false],
      [{ status: 'down' as const }, false],
      [{ weight: 0 }, false],
      [{ weight: 0.001 }, true],
    ] as const) {
      expect(isEligible({ ...eligible, ...change }), JSON.stringify(change)).toBe(expected);
    }
  });
});

describe('isFlapping', () => {
  const changed = (...healthChangedAt: number[]) => instanceRecord({}, { healthChangedAt });

  it('[L13] requires more than two changes of health within five minutes', () => {
    expect(isFlapping(changed(), 0)).toBe(false);
    expect(isFlapping(changed(1, 2), 3)).toBe(false);
    expect(isFlapping(changed(1, 2, 3), 3)).toBe(true);
    expect(isFlapping(changed(1, 2, 3), 300_001)).toBe(true);
    expect(isFlapping(changed(1, 2, 3), 300_002)).toBe(false);
  });
});

describe('instanceView', () => {
  it('[V1] is available only while it is healthy', () => {
    const view = (healthy: boolean) => instanceView(key('a'), instanceRecord({}, { healthy }), 1, undefined, 0);
    expect(view(true)).toMatchObject({ healthy: true, available: true });
    expect(view(false)).toMatchObject({ healthy: false, available: false });
  });

  it('shows the instance’s own location, otherwise where it registered from', () => {
    const place = { colo: 'TXL' };
    const shown = (input: object) => instanceView(key('a'), instanceRecord(input, { place }), 1, undefined, 0).location;
    expect(shown({})).toEqual(place);
    expect(shown({ location: { zone: 'eu-1' } })).toEqual({ zone: 'eu-1' });
  });
});

it('overrideView shows the author and the time', () => {
  const record = { override: { weight: 2 }, actor: 'operator', updatedAt: 0 };
  expect(overrideView({ record, revision: 7 })).toEqual({
    weight: 2,
    actor: 'operator',
    revision: 7,
    updatedAt: '1970-01-01T00:00:00.000Z',
  });
});
