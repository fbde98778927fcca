import { describe, expect, it } from 'vitest';
import { HandDisk } from '../../../test/fixtures/hand-disk';
import { AuditAccounts } from './audit-accounts';
import { prepareDirectory } from './tables';

describe('AuditAccounts', () => {
  it('[A57] counts the audit trail of an earlier version, and entries that version keeps writing', () => {
    const disk = new HandDisk();
    prepareDirectory(disk);
    for (const trigger of ['audit_added', 'audit_removed']) disk.run(`DROP TRIGGER ${trigger}`);
    for (const table of ['audit_account', 'audit_actor']) disk.run(`DROP TABLE ${table}`);
    disk.run('DROP INDEX audit_by_account');
    disk.run('ALTER TABLE audit DROP COLUMN account');
    disk.run("UPDATE property SET value = '1' WHERE name = 'schema'");
    const write = (id: number, actor: string, ns: string | null) =>
      disk.run(
        "INSERT INTO audit (id, at, action, actor, ns, outcome) VALUES (?, 0, 'changed', ?, ?, 'done')",
        ...[id, actor, ns],
      );
    for (const [index, ns] of ['a', 'a', 'b', null].entries()) write(index + 1, 't', ns);
    prepareDirectory(disk);
    const accounts = new AuditAccounts(disk);
    const counts = () => [accounts.total, accounts.countOf('a'), accounts.countOf('b'), accounts.countOf('')];
    expect(counts()).toEqual([4, 2, 1, 1]);
    write(5, 'u', 'b');
    write(6, 'u', 'b');
    disk.run('DELETE FROM audit WHERE id <= 2');
    expect(counts()).toEqual([4, 0, 3, 1]);
    expect([accounts.largestNamespace, accounts.largestActorOf('b')]).toEqual(['b', 'u']);
  });
});
