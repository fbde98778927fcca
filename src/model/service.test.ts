import { describe, expect, it } from 'vitest';
import { ServiceDefinition, ServicePatch } from './service';

describe('ServiceDefinition', () => {
  it('has a default for each of its members', () => {
    expect(ServiceDefinition.parse({})).toEqual({ metadata: {}, protectThreshold: 0 });
    expect(ServiceDefinition.parse({ selector: { type: 'none' } }).selector).toEqual({ type: 'none', expression: '' });
  });

  it('accepts valid thresholds', () => {
    for (const protectThreshold of [0, 0.5, 1]) {
      expect(ServiceDefinition.parse({ protectThreshold }).protectThreshold, JSON.stringify(protectThreshold)).toBe(
        protectThreshold,
      );
    }
  });

  it('refuses invalid definitions', () => {
    for (const definition of [
      { protectThreshold: 1.1 },
      { protectThreshold: -0.1 },
      { name: 'x' },
      { selector: null },
      { selector: {} },
      { selector: { type: 'label', expression: '\udc00' } },
      null,
      [[]],
    ]) {
      expect(ServiceDefinition.safeParse(definition).success, JSON.stringify(definition)).toBe(false);
    }
  });
});

describe('ServicePatch', () => {
  it('removes a selector by null, and requires a change', () => {
    expect(ServicePatch.parse({ selector: null })).toEqual({ selector: null });
    expect(ServicePatch.safeParse({}).success).toBe(false);
    expect(ServicePatch.safeParse({ weight: 1 }).success).toBe(false);
  });
});
