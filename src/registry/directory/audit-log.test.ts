import { describe, expect, it } from 'vitest';
import { HandDisk } from '../../../test/fixtures/hand-disk';
import { AUDIT_MAX_AGE_MS, AUDIT_MAX_COUNT } from '../../model/limits';
import { AuditLog } from './audit-log';
import { prepareDirectory } from './tables';

const NOTE = { action: 'changed', actor: 't' } as const;

function begin() {
  const disk = new HandDisk();
  prepareDirectory(disk);
  const log = new AuditLog(disk);
  return { disk, log, ids: () => log.page({}).entries.map(({ id }) => id) };
}

describe('AuditLog', () => {
  it('[A28] removes what is older than its retention, and goes on counting', () => {
    const { log, ids } = begin();
    log.add(NOTE, 'done', 1_000);
    log.add(NOTE, 'done', 2_000);
    expect(log.nextEnd).toBe(1_000 + AUDIT_MAX_AGE_MS);
    log.trim(999 + AUDIT_MAX_AGE_MS, 10);
    expect(ids()).toEqual([2, 1]);
    log.trim(1_000 + AUDIT_MAX_AGE_MS, 10);
    expect(ids()).toEqual([2]);
    log.trim(9_000 + AUDIT_MAX_AGE_MS, 10);
    expect(ids(), 'the newest stays, as the next number follows from it').toEqual([2]);
    expect(log.nextEnd).toBeUndefined();
    expect(log.add(NOTE, 'done', 9_000 + AUDIT_MAX_AGE_MS)).toBe(3);
    expect(ids()).toEqual([3]);
  });

  it('[A28] removes the oldest beyond its count, with each entry that comes', () => {
    const { disk, log, ids } = begin();
    for (const id of [1, 2, 3, 4, 5, 6, AUDIT_MAX_COUNT + 5]) {
      disk.run("INSERT INTO audit (id, at, action, actor, outcome) VALUES (?, 0, 'changed', 't', 'done')", id);
    }
    log.add(NOTE, 'done', 1);
    expect(ids()).toEqual([AUDIT_MAX_COUNT + 6, AUDIT_MAX_COUNT + 5, 6, 5]);
    log.add(NOTE, 'done', 1);
    expect(ids()).toEqual([AUDIT_MAX_COUNT + 7, AUDIT_MAX_COUNT + 6, AUDIT_MAX_COUNT + 5]);
  });

  it('reads few rows to write one', () => {
    const { disk, log } = begin();
    for (let count = 0; count < 500; count++) log.add(NOTE, 'done', count);
    disk.rowsRead = 0;
    log.add(NOTE, 'done', 500);
    log.page({ limit: 10 });
    expect(disk.rowsRead).toBeLessThan(20);
  });
});
