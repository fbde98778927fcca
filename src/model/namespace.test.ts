import { expect, it } from 'vitest';
import { NamespaceDefinition, NamespacePatch } from './namespace';

it('[N1] a valid definition is accepted', () => {
  for (const definition of [
    { id: 'shop' },
    { id: 'shop', title: 'The shop', placement: { hint: 'weur' }, retention: { maxAgeMs: 3_600_000 } },
    { id: 'shop', placement: { jurisdiction: 'eu' }, limits: { requestsPerSecond: 0.5, perToken: { sockets: 3 } } },
  ]) {
    expect(NamespaceDefinition.parse(definition), JSON.stringify(definition)).toEqual(definition);
  }
});

it('[N1] an invalid definition is refused', () => {
  for (const definition of [
    {},
    { id: '' },
    { id: 'a/b' },
    { id: '*' },
    { id: 'shop', placement: { hint: 'mars' } },
    { id: 'shop', placement: { hint: 'weur', jurisdiction: 'eu' } },
    { id: 'shop', retention: { maxAgeMs: 0 } },
    { id: 'shop', limits: { requestsPerSecond: 0 } },
    { id: 'shop', limits: { instances: 1e9 } },
    { id: 'shop', limit: {} },
  ]) {
    expect(NamespaceDefinition.safeParse(definition).success, JSON.stringify(definition)).toBe(false);
  }
});

it('[N31] valid intervals are accepted', () => {
  for (const intervals of [
    {},
    { nacosPollMs: 1_000, nacosBeatMs: 60_000, sessionPingMs: 5_000 },
    { nacosPollMs: 60_000, nacosBeatMs: 1_000, sessionPingMs: 60_000 },
  ]) {
    expect(NamespacePatch.parse({ intervals }), JSON.stringify(intervals)).toEqual({ intervals });
  }
});

it('[N32] other intervals are refused', () => {
  for (const intervals of [
    { nacosPollMs: 999 },
    { nacosPollMs: 60_001 },
    { nacosBeatMs: 999 },
    { nacosBeatMs: 60_001 },
    { nacosBeatMs: 5_000.5 },
    { sessionPingMs: 4_999 },
    { sessionPingMs: 60_001 },
    { eurekaMs: 5_000 },
  ]) {
    expect(NamespacePatch.safeParse({ intervals }).success, JSON.stringify(intervals)).toBe(false);
    expect(NamespaceDefinition.safeParse({ id: 'shop', intervals }).success).toBe(false);
  }
});

it('[N1] a patch doesn’t move a namespace, and removes members by null', () => {
  expect(NamespacePatch.safeParse({ placement: { hint: 'weur' } }).success).toBe(false);
  expect(NamespacePatch.parse({ title: null, limits: null })).toEqual({ title: null, limits: null });
});
