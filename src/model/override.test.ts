import { describe, expect, it } from 'vitest';
import { Override } from './override';

describe('Override', () => {
  it('accepts valid overrides', () => {
    for (const override of [
      { enabled: false },
      { weight: 0 },
      { status: 'out-of-service' },
      { metadata: { a: 'b' } },
      { quarantine: {} },
      { quarantine: { until: '2027-01-31T12:00:00Z', reason: 'slow' } },
      { quarantine: { until: '2027-01-31T12:00:00+02:00' } },
    ]) {
      expect(Override.parse(override), JSON.stringify(override)).toEqual(override);
    }
  });

  it('refuses invalid overrides', () => {
    for (const override of [
      {},
      { enabled: 'false' },
      { weight: 10_001 },
      { metadata: { a: null } },
      { quarantine: true },
      { quarantine: { until: 'tomorrow' } },
      { quarantine: { until: '2027-01-31' } },
      { quarantine: { reason: 'x'.repeat(1_001) } },
      { quarantine: { reason: '\ud800' } },
      { quarantine: { because: 'x' } },
      { lease: {} },
    ]) {
      expect(Override.safeParse(override).success, JSON.stringify(override)).toBe(false);
    }
  });

  it('describes what an empty one lacks', () => {
    expect(Override.safeParse({}).error?.issues[0]?.message).toContain('at least one of enabled, weight');
  });
});
