import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { DataFiles } from './data-files';
import { DurabilityMarker } from './storage/durability-marker';

const made: string[] = [];
const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'rollcall-files-'));
  made.push(path);
  return path;
};
afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true });
});

describe('the files of a registry', () => {
  it('have names that a case-insensitive file system keeps apart, and that decode again', () => {
    const files = new DataFiles(join(folder(), 'storage'));
    const ids = ['public', 'Public', 'PUBLIC', 'a-b_1', 'A'];
    const paths = ids.map((id) => files.namespace(id));
    expect(new Set(paths.map((path) => path.toLowerCase())).size).toBe(ids.length);
    for (const path of paths) writeFileSync(path, '');
    // Files of SQLite and the host beside a database are not namespaces.
    for (const suffix of ['-wal', '-shm', '-journal']) writeFileSync(`${files.namespace('x')}${suffix}`, '');
    expect(files.namespaces().sort()).toEqual([...ids].sort());
    expect([files.hasNamespace('Public'), files.hasNamespace('x')]).toEqual([true, false]);
  });

  it('include a namespace whose database is missing, but whose marker is left', () => {
    const files = new DataFiles(join(folder(), 'storage'));
    writeFileSync(DurabilityMarker.pathOf(files.namespace('Lost')), '');
    expect([files.namespaces(), files.hasNamespace('Lost')]).toEqual([['Lost'], true]);
  });
});
