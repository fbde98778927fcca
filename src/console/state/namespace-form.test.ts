import { describe, expect, it } from 'vitest';
import type { Namespace } from '../../client/wire/namespace-answers';
import { NamespacePatch } from '../../model/namespace';
import { formOf, type NamespaceForm, NUMBERS, patchOf } from './namespace-form';

const namespace: Namespace = {
  id: 'production',
  title: 'Live',
  retention: { maxAgeMs: 5_400_000, maxBytes: 1_000_000 },
  limits: { instances: 1_000, perToken: { requestsPerSecond: 0.5 } },
  intervals: { sessionPingMs: 7_500 },
};

const changed = (numbers: Record<string, string>, part: Partial<NamespaceForm> = {}) => {
  const form = formOf(namespace);
  return patchOf(namespace, { ...form, ...part, numbers: { ...form.numbers, ...numbers } });
};

describe('the form of a namespace', () => {
  it('shows numbers in their units, and empty what is not set', () => {
    const { numbers } = formOf(namespace);
    expect(numbers).toMatchObject({
      'retention.maxAgeMs': '1.5',
      'retention.maxCount': '',
      'limits.instances': '1000',
      'limits.perToken.requestsPerSecond': '0.5',
      'intervals.sessionPingMs': '7.5',
    });
    expect(Object.keys(numbers)).toEqual(Object.keys(NUMBERS));
  });

  it('asks for nothing if nothing was changed', () => {
    expect(changed({})).toEqual({});
  });

  it('asks only for the members that were changed, and repeats the rest of those exactly', () => {
    expect(changed({ 'retention.maxCount': '500' })).toEqual({
      retention: { maxAgeMs: 5_400_000, maxBytes: 1_000_000, maxCount: 500 },
    });
    expect(changed({ 'limits.perToken.instances': '10' })).toEqual({
      limits: { instances: 1_000, perToken: { requestsPerSecond: 0.5, instances: 10 } },
    });
  });

  it('removes what was emptied, and a member without any value', () => {
    expect(changed({ 'limits.perToken.requestsPerSecond': '' })).toEqual({ limits: { instances: 1_000 } });
    expect(changed({ 'intervals.sessionPingMs': ' ' })).toEqual({ intervals: null });
    expect(changed({}, { title: ' ' })).toEqual({ title: null });
  });

  it('keeps members that a newer registry may have', () => {
    // `as`: not in the type
    const newer = { ...namespace, limits: { ...namespace.limits, entries: 5 } } as Namespace;
    const form = formOf(newer);
    expect(patchOf(newer, { ...form, numbers: { ...form.numbers, 'limits.instances': '7' } }).limits).toMatchObject({
      instances: 7,
      entries: 5,
    });
  });

  it('sets self-preservation on, off, and to the default', () => {
    expect(changed({}, { selfPreservation: 'on' })).toEqual({ selfPreservation: true });
    expect(changed({}, { selfPreservation: 'off' })).toEqual({ selfPreservation: false });
    const on = { ...namespace, selfPreservation: true };
    expect(patchOf(on, { ...formOf(on), selfPreservation: '' })).toEqual({ selfPreservation: null });
  });

  it('makes requests that the registry accepts, for the highest values and with fractions', () => {
    const numbers = Object.fromEntries(
      Object.entries(NUMBERS).map(([path, { unit }]) => [path, unit === 'seconds' ? '5.0004' : '1.1']),
    );
    const whole = Object.fromEntries(
      Object.keys(numbers).map((path) => [path, NUMBERS[path]?.unit === 'count' ? '7' : (numbers[path] ?? '')]),
    );
    expect(NamespacePatch.safeParse(changed(whole)).error?.issues).toBeUndefined();
  });
});
