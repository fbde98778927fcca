import { describe, expect, it } from 'vitest';
import { HandDisk } from '../../../test/fixtures/hand-disk';
import { ROOT } from '../../auth/authenticator';
import { AUDIT_MAX_AGE_MS } from '../../model/limits';
import { DIRECTORY_ACCOUNT } from './audit-accounts';
import { AuditLog, accountOf } from './audit-log';
import { prepareDirectory } from './tables';

const NOTE = { action: 'changed', actor: 't' } as const;

const QUOTAS = { total: 100, ofNamespace: 40, ofDirectory: 20 };

function begin(quotas = QUOTAS) {
  const disk = new HandDisk();
  prepareDirectory(disk);
  const log = new AuditLog(disk, quotas);
  const of = (ns: string | undefined) => log.page({}).entries.filter((entry) => entry.ns === ns).length;
  return { disk, log, of, ids: () => log.page({}).entries.map(({ id }) => id) };
}

describe('accountOf', () => {
  it('[A57] returns the first namespace of a change, or the directory for operators of all namespaces', () => {
    const admin = { tokenId: 't', grants: ['a', 'b'].map((ns) => ({ scope: 'admin' as const, ns })) };
    expect(accountOf(admin, ['a', 'b'])).toBe('a');
    expect(accountOf(ROOT, ['a'])).toBe(DIRECTORY_ACCOUNT);
  });
});

describe('AuditLog', () => {
  it('[A28] removes entries older than the retention, and keeps counting', () => {
    const { log, ids } = begin();
    log.add(NOTE, 'done', 1_000);
    log.add(NOTE, 'done', 2_000);
    expect(log.nextEnd).toBe(1_000 + AUDIT_MAX_AGE_MS);
    log.trim(999 + AUDIT_MAX_AGE_MS, 10);
    expect(ids()).toEqual([2, 1]);
    log.trim(1_000 + AUDIT_MAX_AGE_MS, 10);
    expect(ids()).toEqual([2]);
    log.trim(9_000 + AUDIT_MAX_AGE_MS, 10);
    expect(ids(), 'the newest stays, because the next number follows from it').toEqual([2]);
    expect(log.nextEnd).toBeUndefined();
    expect(log.add(NOTE, 'done', 9_000 + AUDIT_MAX_AGE_MS)).toBe(3);
    expect(ids()).toEqual([3]);
  });

  it('[A57] removes the oldest entries of a namespace over its quota, a few with each new entry', () => {
    const { disk, log, ids } = begin({ ...QUOTAS, ofNamespace: 3 });
    for (const id of [1, 2, 3, 4, 5, 6, 7, 8, 9]) {
      disk.run("INSERT INTO audit (id, at, action, actor, ns, outcome) VALUES (?, 0, 'changed', 't', 'a', 'done')", id);
    }
    log.add({ ...NOTE, ns: 'a' }, 'done', 1);
    expect(ids()).toEqual([10, 9, 8, 7, 6, 5]);
    log.add({ ...NOTE, ns: 'a' }, 'done', 1);
    expect(ids()).toEqual([11, 10, 9]);
  });

  it('[A57] lets a token that floods the trail push out only its own entries', () => {
    const { log, of } = begin();
    const early = [
      { ...NOTE, actor: 'root', ns: 'a', target: 'quarantined by root' },
      { ...NOTE, actor: 'root', target: 'token of all' },
      { ...NOTE, actor: 'careful', ns: 'a', target: 'of a colleague' },
      { ...NOTE, actor: 'other', ns: 'b', target: 'of another namespace' },
    ];
    for (const note of early) log.add(note, 'done', 0);
    log.add({ ...NOTE, actor: 'admin', target: 'namespace b' }, 'done', 0, DIRECTORY_ACCOUNT);
    for (let count = 0; count < 1_000; count++) log.add({ ...NOTE, actor: 'flood', ns: 'a' }, 'done', count);
    const targets = log.page({}).entries.flatMap(({ target }) => target ?? []);
    expect(targets.reverse()).toEqual([...early.map(({ target }) => target), 'namespace b']);
    expect(of('a')).toBe(QUOTAS.ofNamespace + 1);
  });

  it('[A57] removes entries over the total quota from the namespace with the most', () => {
    const { log, of } = begin();
    for (let count = 0; count < 60; count++) {
      for (const ns of ['a', 'b', 'c', 'd', 'e']) {
        if (ns !== 'e' || count < 5) log.add({ ...NOTE, ns }, 'done', count);
      }
    }
    expect(of('e'), 'a small namespace keeps all entries').toBe(5);
    for (const ns of ['a', 'b', 'c', 'd']) expect(of(ns), ns).toBeGreaterThanOrEqual(20);
    expect(log.page({}).entries.length).toBeLessThanOrEqual(QUOTAS.total);
  });

  it('[A57] shares the directory’s quota among the operators of all namespaces', () => {
    const { log, of } = begin();
    for (let count = 0; count < 10; count++) log.add({ ...NOTE, actor: 'careful' }, 'done', count);
    for (let count = 0; count < 300; count++) log.add({ ...NOTE, actor: 'root' }, 'done', count);
    expect(log.page({}).entries.filter(({ actor }) => actor === 'careful')).toHaveLength(10);
    expect(of(undefined)).toBe(QUOTAS.ofDirectory);
  });

  it('[A57] pages correctly while entries are removed', () => {
    const { log } = begin();
    for (let count = 0; count < 40; count++) log.add({ ...NOTE, ns: 'a' }, 'done', count);
    const first = log.page({ ns: 'a', limit: 10 });
    for (let count = 0; count < 15; count++) log.add({ ...NOTE, ns: 'a' }, 'done', count);
    const second = log.page({ ns: 'a', limit: 10, after: first.next });
    expect(second.entries[0]?.id).toBe(30);
    expect(second.entries).toHaveLength(10);
  });

  it('reads few rows to write one entry', () => {
    const { disk, log } = begin();
    for (let count = 0; count < 500; count++) log.add(NOTE, 'done', count);
    disk.rowsRead = 0;
    log.add(NOTE, 'done', 500);
    log.page({ limit: 10 });
    expect(disk.rowsRead).toBeLessThan(30);
  });
});
