import { expect, it } from 'vitest';
import { NamespaceDefinition, NamespacePatch } from './namespace';

it.each([
  { id: 'shop' },
  { id: 'shop', title: 'The shop', placement: { hint: 'weur' }, retention: { maxAgeMs: 3_600_000 } },
  { id: 'shop', placement: { jurisdiction: 'eu' }, limits: { requestsPerSecond: 0.5, perToken: { sockets: 3 } } },
])('[N1] takes %j', (definition) => expect(NamespaceDefinition.parse(definition)).toEqual(definition));

it.each([
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
])('[N1] refuses %j', (definition) => expect(NamespaceDefinition.safeParse(definition).success).toBe(false));

it.each([
  {},
  { nacosPollMs: 1_000, nacosBeatMs: 60_000, sessionPingMs: 5_000 },
  { nacosPollMs: 60_000, nacosBeatMs: 1_000, sessionPingMs: 60_000 },
])('[N31] takes intervals %j', (intervals) => expect(NamespacePatch.parse({ intervals })).toEqual({ intervals }));

it.each([
  { nacosPollMs: 999 },
  { nacosPollMs: 60_001 },
  { nacosBeatMs: 999 },
  { nacosBeatMs: 60_001 },
  { nacosBeatMs: 5_000.5 },
  { sessionPingMs: 4_999 },
  { sessionPingMs: 60_001 },
  { eurekaMs: 5_000 },
])('[N32] refuses intervals %j', (intervals) => {
  expect(NamespacePatch.safeParse({ intervals }).success).toBe(false);
  expect(NamespaceDefinition.safeParse({ id: 'shop', intervals }).success).toBe(false);
});

it('[N1] is never moved, and takes members away by null', () => {
  expect(NamespacePatch.safeParse({ placement: { hint: 'weur' } }).success).toBe(false);
  expect(NamespacePatch.parse({ title: null, limits: null })).toEqual({ title: null, limits: null });
});
