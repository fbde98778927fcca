import type { AuditEntry, AuditNote, AuditOutcome, AuditTrail } from '../../model/audit';
import { quote, RegistryError } from '../../model/errors';
import {
  AUDIT_MAX_AGE_MS,
  AUDIT_MAX_COUNT,
  AUDIT_PAGE_MAX_COUNT,
  AUDIT_TRIMMED_WITH_EACH_COUNT,
} from '../../model/limits';
import type { SqlRow, SqlStorage } from '../sql-storage';
import { timestamp } from '../timestamp';

const COLUMNS = 'id, at, action, actor, address, ns, target, detail, outcome, code';

/** The audit trail, as it is stored. Every method runs inside a step of the directory. */
export class AuditLog {
  readonly #storage: SqlStorage;

  constructor(storage: SqlStorage) {
    this.#storage = storage;
  }

  /** Writes an entry down, and gives its number. Numbers count up, as the newest entry is never removed. */
  add(note: AuditNote, outcome: AuditOutcome, now: number): number {
    const { action, actor, address = null, ns = null, target = null, detail = null } = note;
    const [newest] = this.#storage.read('SELECT MAX(id) FROM audit');
    const id = Number(newest?.[0] ?? 0) + 1;
    this.#storage.run(
      `INSERT INTO audit (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)`,
      ...[id, now, action, actor, address, ns, target, detail, outcome],
    );
    this.trim(now, AUDIT_TRIMMED_WITH_EACH_COUNT);
    return id;
  }

  /** Tells how what was begun has ended, the first time that somebody says so. */
  end(id: number, code: string | undefined): void {
    this.#storage.run(
      "UPDATE audit SET outcome = ?, code = ? WHERE id = ? AND outcome = 'begun'",
      ...[code === undefined ? 'done' : 'refused', code ?? null, id],
    );
  }

  /** Removes what is beyond the retention, at most the oldest `most` entries. */
  trim(now: number, most: number): void {
    this.#storage.run(
      `DELETE FROM audit WHERE id IN (SELECT id FROM audit ORDER BY id LIMIT ?)
        AND id < (SELECT MAX(id) FROM audit)
        AND (at <= ? OR id <= (SELECT MAX(id) FROM audit) - ?)`,
      ...[most, now - AUDIT_MAX_AGE_MS, AUDIT_MAX_COUNT],
    );
  }

  /** When the oldest entry will have been kept long enough; undefined where nothing will ever be removed for its age. */
  get nextEnd(): number | undefined {
    const [oldest] = this.#storage.read(
      'SELECT at FROM audit WHERE id < (SELECT MAX(id) FROM audit) ORDER BY id LIMIT 1',
    );
    return oldest === undefined ? undefined : Number(oldest[0]) + AUDIT_MAX_AGE_MS;
  }

  /** One page, newest first. */
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
  throw new RegistryError('INVALID_REQUEST', `after must be "next" of the page before, got ${quote(after)}`, {
    errors: [{ path: 'after', message: 'must be "next" of the page before' }],
  });
}

function entryOf([id, at, action, actor, address, ns, target, detail, outcome, code]: SqlRow): AuditEntry {
  const entry = { action, actor, address, ns, target, detail, outcome, code };
  const known = Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== null));
  // `as`: only `add` and `end` write these rows.
  return { id: Number(id), at: timestamp(Number(at)), ...known } as AuditEntry;
}
