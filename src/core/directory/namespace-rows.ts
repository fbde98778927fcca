import type { LayoutRule } from '../../model/layout';
import type { NamespaceDefinition, NamespaceSettings, NamespaceView } from '../../model/namespace';
import { timestamp } from '../../model/timestamp';
import type { SqlRow, SqlStorage } from '../storage/sql-storage';

/**
 * `founding`: its object has not been set up yet. `removing`: its object has not been erased yet. `there`: it exists.
 * Callers find a namespace only in the last state. Creation and removal are retried until they are done.
 */
export type NamespaceState = 'founding' | 'there' | 'removing';

/** A namespace, as the directory stores it. */
export interface NamespaceRow {
  id: string;
  state: NamespaceState;
  /** Its current definition, without the id. */
  settings: Omit<NamespaceDefinition, 'id'>;
  /** Milliseconds since the epoch; null for `public`. */
  createdAt: number | null;
  createdBy: string | null;
  updatedAt: number | null;
  /** Number of the audit entry of a creation or removal in progress. */
  auditId: number | null;
}

const COLUMNS = 'id, state, settings, created_at, created_by, updated_at, audit_id';

/** The stored namespaces. Every method runs inside a step of the directory. */
export class NamespaceRows {
  readonly #storage: SqlStorage;

  constructor(storage: SqlStorage) {
    this.#storage = storage;
  }

  /** Number of namespaces in any state. */
  get count(): number {
    const [row] = this.#storage.read('SELECT COUNT(*) FROM namespace');
    return Number(row?.[0]);
  }

  /** Number of namespaces that exist. */
  get countThere(): number {
    const [row] = this.#storage.read("SELECT COUNT(*) FROM namespace WHERE state = 'there'");
    return Number(row?.[0]);
  }

  /** Returns the row of a namespace in any state. */
  find(id: string): NamespaceRow | undefined {
    const [row] = this.#storage.read(`SELECT ${COLUMNS} FROM namespace WHERE id = ?`, id);
    return row && rowOf(row);
  }

  /** Yields the namespaces that exist, by id. */
  *list(after = ''): Generator<NamespaceRow> {
    const rows = this.#storage.read(
      `SELECT ${COLUMNS} FROM namespace WHERE id > ? AND state = 'there' ORDER BY id`,
      after,
    );
    for (const row of rows) yield rowOf(row);
  }

  /** Returns the first namespaces that exist, by id. */
  first(limit: number): NamespaceRow[] {
    const rows = this.#storage.read(
      `SELECT ${COLUMNS} FROM namespace WHERE state = 'there' ORDER BY id LIMIT ?`,
      limit,
    );
    return [...rows].map(rowOf);
  }

  put({ id, state, settings, createdAt, createdBy, updatedAt, auditId }: NamespaceRow): void {
    this.#storage.run(
      `INSERT OR REPLACE INTO namespace (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)`,
      ...[id, state, settingsText(settings), createdAt, createdBy, updatedAt, auditId],
    );
  }

  remove(id: string): void {
    this.#storage.run('DELETE FROM namespace WHERE id = ?', id);
  }
}

/** Encodes settings: equal settings have equal text, whatever the order of their members. */
export function settingsText(settings: NamespaceRow['settings']): string {
  const { title, placement, retention, limits, selfPreservation, intervals, layouts } = settings;
  return JSON.stringify({
    title,
    placement: placement && sorted(placement),
    retention: retention && unlessEmpty(retention),
    limits: limits && unlessEmpty({ ...limits, perToken: limits.perToken && unlessEmpty(limits.perToken) }),
    selfPreservation: selfPreservation || undefined,
    intervals: intervals && unlessEmpty(intervals),
    layouts: layouts && orderedRules(layouts),
  });
}

/** Returns the settings that are sent to the object of a namespace. */
export function objectSettings({ settings }: NamespaceRow): NamespaceSettings {
  const { retention = {}, limits = {}, selfPreservation, intervals } = settings;
  const kept = intervals && unlessEmpty(intervals);
  const layouts = settings.layouts && orderedRules(settings.layouts);
  return {
    retention,
    limits,
    ...(selfPreservation ? { selfPreservation } : {}),
    ...(kept && { intervals: kept }),
    ...(layouts && { layouts }),
  };
}

/** Returns a namespace as answers show it. */
export function namespaceView({ id, settings, createdAt, createdBy, updatedAt }: NamespaceRow): NamespaceView {
  return {
    id,
    title: settings.title,
    placement: settings.placement,
    retention: settings.retention ?? {},
    limits: settings.limits ?? {},
    selfPreservation: settings.selfPreservation || undefined,
    intervals: settings.intervals && unlessEmpty(settings.intervals),
    layouts: settings.layouts && orderedRules(settings.layouts),
    createdAt: createdAt === null ? undefined : timestamp(createdAt),
    createdBy: createdBy ?? undefined,
    updatedAt: updatedAt === null ? undefined : timestamp(updatedAt),
  };
}

/** Returns rules with their members in a fixed order; undefined if there are none. Their own order counts. */
function orderedRules(rules: readonly LayoutRule[]): LayoutRule[] | undefined {
  if (rules.length === 0) return undefined;
  return rules.map(({ kind, prefix, show }) => ({ kind, prefix, ...(show === true && { show }) }));
}

function sorted<T extends object>(members: T): T {
  const entries = Object.entries(members).filter(([, value]) => value !== undefined);
  // `as`: the same members in another order.
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))) as T;
}

function unlessEmpty<T extends object>(members: T): T | undefined {
  const known = sorted(members);
  return Object.keys(known).length === 0 ? undefined : known;
}

function rowOf([id, state, settings, createdAt, createdBy, updatedAt, auditId]: SqlRow): NamespaceRow {
  // `as`: only `put` and the creation of the tables write these rows.
  return {
    id,
    state,
    settings: JSON.parse(String(settings)),
    createdAt,
    createdBy,
    updatedAt,
    auditId,
  } as NamespaceRow;
}
