import { expect, it } from 'vitest';
import { ExportEnd, ExportHeader, RecordLine } from './export-line';
import { safeParse } from './fast-path';

const PLAIN = { kind: 'instance', service: 'orders', id: 'a', owner: 't', address: '10.0.0.1', port: 80 };

it('[Z12] the line of an instance is read the same on the fast path as by its schema', () => {
  for (const more of [
    {},
    { metadata: { b: '1', a: '2' }, tags: ['x'] },
    { lease: { ttlMs: 5_000 }, weight: 2 },
    { group: 'g' },
  ]) {
    const line = { ...PLAIN, ...more };
    expect(safeParse(RecordLine, line).data).toStrictEqual(RecordLine.parse(line));
  }
});

it('[Z12] a lease of null means no lease, like `ephemeral`', () => {
  for (const line of [
    { ...PLAIN, lease: null },
    { ...PLAIN, ephemeral: false },
  ]) {
    expect(RecordLine.parse(line)).toMatchObject({ definition: { ephemeral: false, lease: null } });
  }
});

it.each([
  ['an unknown kind', { ...PLAIN, kind: 'lease' }],
  ['an unknown member', { ...PLAIN, ttl: 1 }],
  ['no address', { ...PLAIN, address: undefined }],
  ['a lease and none', { ...PLAIN, ephemeral: false, lease: {} }],
  ['an override of nothing', { kind: 'override', service: 'orders', id: 'a', actor: 't' }],
  ['a name with a control character', { ...PLAIN, id: 'a\n' }],
])('[Z7] refuses %s', (_, line) => expect(RecordLine.safeParse(line).success).toBe(false));

it('[Z5] the header needs its kind and version, and may have more members; the end may not', () => {
  expect(ExportHeader.safeParse({ kind: 'rollcall-export', version: 1, more: {} }).success).toBe(true);
  expect(ExportHeader.safeParse({ kind: 'rollcall-export' }).success).toBe(false);
  const end = { kind: 'end', services: 0, overrides: 0, instances: 0 };
  expect(ExportEnd.safeParse(end).success).toBe(true);
  expect(ExportEnd.safeParse({ ...end, more: 1 }).success).toBe(false);
});
