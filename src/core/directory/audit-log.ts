import { ROOT } from '../../auth/authenticator';
import { may } from '../../auth/authorize';
import type { AuditEnd, AuditEntry, AuditNote, AuditOutcome, AuditTrail } from '../../model/audit';
import { quote, RegistryError } from '../../model/errors';
import type { Principal } from '../../model/grant';
import {
  AUDIT_MAX_AGE_MS,
  AUDIT_MAX_COUNT,
  AUDIT_OF_DIRECTORY_MAX_COUNT,
  AUDIT_PAGE_MAX_COUNT,
  AUDIT_PER_NAMESPACE_MAX_COUNT,
  AUDIT_TRIMMED_WITH_EACH_COUNT,
} from '../../model/limits';
import { ALL_NAMESPACES } from '../../model/service-name';
import { timestamp } from '../../model/timestamp';
import { readProperty, writeProperty } from '../storage/schema';
import type { SqlRow, SqlStorage } from '../storage/sql-storage';
import { ACCOUNT, AuditAccounts, DIRECTORY_ACCOUNT } from './audit-accounts';

const COLUMNS = 'id, at, action, actor, address, ns, target, detail, outcome, code';

/** Property with the number of the last entry that was the newest when it was removed at its end. */
const REMOVED = 'audit-removed';

/** Bounds of the audit trail; see the limits of the same names. */
export interface AuditQuotas {
  total: number;
  ofNamespace: number;
  ofDirectory: number;
}

const QUOTAS: AuditQuotas = {
  total: AUDIT_MAX_COUNT,
  ofNamespace: AUDIT_PER_NAMESPACE_MAX_COUNT,
  ofDirectory: AUDIT_OF_DIRECTORY_MAX_COUNT,
};

/**
 * Returns the account for a change of tokens or namespaces: that of its first namespace, unless its actor administers all.
 */
export function accountOf(principal: Principal, [ns]: readonly string[]): string {
  return may(principal, 'admin', { namespace: ALL_NAMESPACES }) ? DIRECTORY_ACCOUNT : (ns ?? DIRECTORY_ACCOUNT);
}

/**
 * The stored audit trail. Each entry counts against the account of its namespace or of the directory. A full account loses
 * the oldest entries of the actor with most entries, so that no actor pushes out the entries of others
 * (design/decisions/0022-audit-and-quotas.md). Every method runs inside a step of the directory.
 */
export class AuditLog {
  readonly #storage: SqlStorage;
  readonly #accounts: AuditAccounts;
  readonly #quotas: AuditQuotas;

  constructor(storage: SqlStorage, quotas: AuditQuotas = QUOTAS) {
    this.#storage = storage;
    this.#accounts = new AuditAccounts(storage);
    this.#quotas = quotas;
  }

  /**
   * Adds an entry, and returns its number. Numbers increase, and none is used twice.
   *
   * @param account Account that it counts against, by default that of its namespace. Entries of root always count against
   *   the directory.
   */
  add(note: AuditNote, outcome: AuditOutcome, now: number, account = note.ns ?? DIRECTORY_ACCOUNT): number {
    const { action, actor, address = null, ns = null, target = null, detail = null } = note;
    const charged = actor === ROOT.tokenId ? DIRECTORY_ACCOUNT : account;
    const id = Math.max(this.#newestId, Number(readProperty(this.#storage, REMOVED) ?? 0)) + 1;
    this.#storage.run(
      `INSERT INTO audit (${COLUMNS}, account) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?)`,
      ...[id, now, action, actor, address, ns, target, detail, outcome, charged],
    );
    this.trim(now, AUDIT_TRIMMED_WITH_EACH_COUNT);
    this.#keepWithin(charged, charged === DIRECTORY_ACCOUNT ? this.#quotas.ofDirectory : this.#quotas.ofNamespace);
    this.#keepAllWithin(this.#quotas.total);
    return id;
  }

  /** Records the end of an action, the first time it is reported. An action that changed nothing leaves no entry. */
  end(id: number, { code, isUnchanged = false }: AuditEnd): void {
    if (code !== undefined || isUnchanged) this.#removeBegun(id);
    else this.#storage.run("UPDATE audit SET outcome = 'done' WHERE id = ? AND outcome = 'begun'", id);
  }

  /** Removes entries older than the retention, at most the oldest `most`. */
  trim(now: number, most: number): void {
    this.#storage.run(
      `DELETE FROM audit WHERE id IN (SELECT id FROM audit ORDER BY id LIMIT ?)
        AND id < (SELECT MAX(id) FROM audit) AND at <= ?`,
      ...[most, now - AUDIT_MAX_AGE_MS],
    );
  }

  /** Returns whether a token has revoked another, as far as the trail goes back. */
  hasRevoked(actor: string, tokenId: string): boolean {
    const [row] = this.#storage.read(
      "SELECT 1 FROM audit WHERE action = 'token-revoked' AND target = ? AND actor = ? LIMIT 1",
      tokenId,
      actor,
    );
    return row !== undefined;
  }

  get #newestId(): number {
    const [newest] = this.#storage.read('SELECT MAX(id) FROM audit');
    return Number(newest?.[0] ?? 0);
  }

  /** Removes a begun entry. The next number follows from the newest entry, so its number is kept if it is removed. */
  #removeBegun(id: number): void {
    const isNewest = id === this.#newestId;
    const removed = this.#storage.run("DELETE FROM audit WHERE id = ? AND outcome = 'begun'", id);
    if (removed > 0 && isNewest) writeProperty(this.#storage, REMOVED, String(id));
  }

  #keepWithin(account: string, quota: number): void {
    const excess = this.#accounts.countOf(account) - quota;
    if (excess > 0) this.#removeOldest(account, excess);
  }

  #keepAllWithin(quota: number): void {
    const excess = this.#accounts.total - quota;
    if (excess <= 0) return;
    const largest = this.#accounts.largestNamespace;
    if (largest !== undefined) this.#removeOldest(largest, excess);
  }

  /** Removes the oldest entries of the actor with most entries of an account, a few at a time. */
  #removeOldest(account: string, excess: number): void {
    const actor = this.#accounts.largestActorOf(account);
    if (actor === undefined) return;
    this.#storage.run(
      `DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE ${ACCOUNT} = ? AND actor = ? ORDER BY id LIMIT ?)
        AND id < (SELECT MAX(id) FROM audit)`,
      ...[account, actor, Math.min(excess, AUDIT_TRIMMED_WITH_EACH_COUNT)],
    );
  }

  /** Time at which the oldest entry exceeds the retention; undefined if no entry will be removed for its age. */
  get nextEnd(): number | undefined {
    const [oldest] = this.#storage.read(
      'SELECT at FROM audit WHERE id < (SELECT MAX(id) FROM audit) ORDER BY id LIMIT 1',
    );
    return oldest === undefined ? undefined : Number(oldest[0]) + AUDIT_MAX_AGE_MS;
  }

  /** Returns one page, newest first. */
  page({
    ns,
    limit = AUDIT_PAGE_MAX_COUNT,
    after,
  }: {
    ns?: string | undefined;
    limit?: number | undefined;
    after?: string | undefined;
  }): AuditTrail {
    const below = after === undefined ? Number.MAX_SAFE_INTEGER : idOf(after);
    const rows = this.#storage.read(
      `SELECT ${COLUMNS} FROM audit WHERE id < ? ${ns === undefined ? '' : 'AND ns = ?'} ORDER BY id DESC LIMIT ?`,
      ...[below, ...(ns === undefined ? [] : [ns]), limit + 1],
    );
    const entries = Array.from(rows, entryOf);
    const page = entries.slice(0, limit);
    const last = page.at(-1);
    return entries.length > limit && last !== undefined ? { entries: page, next: String(last.id) } : { entries: page };
  }
}

function idOf(after: string): number {
  if (/^\d{1,15}$/.test(after)) return Number(after);
  throw new RegistryError('INVALID_REQUEST', `after must be the \`next\` of the previous page, got ${quote(after)}`, {
    errors: [{ path: 'after', message: 'must be the `next` of the previous page' }],
  });
}

function entryOf([id, at, action, actor, address, ns, target, detail, outcome, code]: SqlRow): AuditEntry {
  const entry = { action, actor, address, ns, target, detail, outcome, code };
  const known = Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== null));
  // `as`: only `add` and `end` write these rows.
  return { id: Number(id), at: timestamp(Number(at)), ...known } as AuditEntry;
}
