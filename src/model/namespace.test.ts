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

it('[N1] is never moved, and takes members away by null', () => {
  expect(NamespacePatch.safeParse({ placement: { hint: 'weur' } }).success).toBe(false);
  expect(NamespacePatch.parse({ title: null, limits: null })).toEqual({ title: null, limits: null });
});
