import { LEASE_DOORS, type LeaseDoor } from '../../../model/granted-lease';
import type { Cause } from '../../../model/history';
import type { Lease } from '../../../model/lease';
import { HEARTBEATS_PER_TTL_COUNT, LEASE_ROWS_PER_STATEMENT_COUNT } from '../../../model/limits';
import { utf8Length } from '../../../model/names';
import type { SqlRow, SqlStorage } from '../../storage/sql-storage';
import type { GrantedLease, LeaseEnding } from './catalog-entries';

/** Ids are below this: JSON and SQLite keep such numbers exactly. */
const ID_LIMIT = 2 ** 53;

/** An entry before or after a change, with the lease that holds it. */
interface Held {
  readonly lease: number | null;
}

/** The granted leases of a namespace: by id, and by the aliases that clients chose. */
export class GrantedLeases {
  readonly #byId = new Map<number, GrantedLease>();
  readonly #byAlias = new Map<string, GrantedLease>();
  /** Number of leases of each token. */
  readonly #counts = new Map<string, number>();
  #dataBytes = 0;
  /** Leases that others keep, by the id of the keeper. */
  readonly #kept = new Map<number, Set<GrantedLease>>();
  /** In the order in which they ended. */
  readonly #ending = new Set<GrantedLease>();

  get size(): number {
    return this.#byId.size;
  }

  /** Bytes of the data of all leases. */
  get dataBytes(): number {
    return this.#dataBytes;
  }

  /** Returns the number of leases that were granted to a token. */
  countOf(tokenId: string): number {
    return this.#counts.get(tokenId) ?? 0;
  }

  /** Yields the tokens that were granted leases, with the number of each. */
  counts(): Iterable<readonly [token: string, count: number]> {
    return this.#counts;
  }

  /** Number of entries that leases have locked. */
  get lockCount(): number {
    let count = 0;
    for (const { locks } of this.#byId.values()) count += locks.size;
    return count;
  }

  all(): Iterable<GrantedLease> {
    return this.#byId.values();
  }

  get(id: number): GrantedLease | undefined {
    return this.#byId.get(id);
  }

  /**
   * Finds a lease that has not ended, by its id or alias.
   *
   * @param name Decimal. No alias equals an id: {@link isTaken} is asked before either is given.
   */
  find(name: string, door: LeaseDoor): GrantedLease | undefined {
    const lease = this.#byId.get(Number(name)) ?? this.#byAlias.get(aliasName(door, name));
    return lease?.ending === undefined ? lease : undefined;
  }

  /**
   * Finds a lease that has not ended, or one that still holds something, by its id, or by the alias that it has or had.
   */
  findHolding(name: string, door: LeaseDoor): GrantedLease | undefined {
    const known = this.find(name, door);
    if (known !== undefined) return known;
    for (const lease of this.#ending) {
      if (lease.id === Number(name) || (lease.alias === name && lease.door === door)) return lease;
    }
    return undefined;
  }

  /** Returns whether a new alias or id would mean a known lease. */
  isTaken(name: string, door: LeaseDoor): boolean {
    return this.#byId.has(Number(name)) || this.#byAlias.has(aliasName(door, name));
  }

  /** Returns an id that no lease has, and no alias. @param fraction Returns a random number in [0, 1). */
  newId(fraction: () => number): number {
    for (;;) {
      const id = 1 + Math.floor(fraction() * (ID_LIMIT - 1));
      if (!LEASE_DOORS.some((door) => this.isTaken(String(id), door))) return id;
    }
  }

  add(lease: GrantedLease): void {
    this.#byId.set(lease.id, lease);
    this.#counts.set(lease.tokenId, this.countOf(lease.tokenId) + 1);
    this.#dataBytes += utf8Length(lease.data ?? '');
    if (lease.ending !== undefined) this.#ending.add(lease);
    else if (lease.alias !== undefined) this.#byAlias.set(aliasName(lease.door, lease.alias), lease);
  }

  remove(lease: GrantedLease): void {
    if (!this.#byId.delete(lease.id)) return;
    this.#dataBytes -= utf8Length(lease.data ?? '');
    const left = this.countOf(lease.tokenId) - 1;
    if (left > 0) this.#counts.set(lease.tokenId, left);
    else this.#counts.delete(lease.tokenId);
    this.#ending.delete(lease);
    this.setKeeper(lease, undefined);
    this.#forgetAlias(lease);
  }

  /** Returns the leases that one keeps, also just after its end. */
  keptBy({ id }: GrantedLease): ReadonlySet<GrantedLease> {
    return this.#kept.get(id) ?? NONE;
  }

  /** Sets the lease that keeps another one, or none. */
  setKeeper(lease: GrantedLease, keeper: number | undefined): void {
    const before = this.#kept.get(lease.keeper ?? 0);
    before?.delete(lease);
    if (before?.size === 0) this.#kept.delete(lease.keeper ?? 0);
    lease.keeper = keeper;
    if (keeper === undefined) return;
    const kept = this.#kept.get(keeper);
    if (kept === undefined) this.#kept.set(keeper, new Set([lease]));
    else kept.add(lease);
  }

  /** The lease that ended first of those that still hold something; undefined if there is none. */
  get nextEnding(): GrantedLease | undefined {
    for (const lease of this.#ending) return lease;
    return undefined;
  }

  /** Marks a lease as ended: nothing finds it any more, and its alias is free, but it still holds what it held. */
  markEnded(lease: GrantedLease, ending: LeaseEnding): void {
    lease.ending = ending;
    this.#ending.add(lease);
    this.#forgetAlias(lease);
  }

  #forgetAlias(lease: GrantedLease): void {
    if (lease.alias === undefined) return;
    const name = aliasName(lease.door, lease.alias);
    if (this.#byAlias.get(name) === lease) this.#byAlias.delete(name);
  }

  /** Records which leases hold an entry after a change. */
  noteHold(key: string, before: Held | null, after: Held | null): void {
    const [from, to] = [before?.lease ?? null, after?.lease ?? null];
    if (from !== null) this.#byId.get(from)?.ending?.changed.push(key);
    if (from === to) return;
    if (from !== null) this.#byId.get(from)?.keys.delete(key);
    if (to !== null) this.#byId.get(to)?.keys.add(key);
  }

  /** Records which lease holds the lock of an entry after a change. */
  noteLock(key: string, from: number | null, to: number | null): void {
    if (from !== null) this.#byId.get(from)?.ending?.changed.push(key);
    if (from === to) return;
    if (from !== null) this.#byId.get(from)?.locks.delete(key);
    if (to !== null) this.#byId.get(to)?.locks.add(key);
  }
}

/** Leases of a keeper that keeps none. Ids begin at 1. */
const NONE: ReadonlySet<GrantedLease> = new Set();

const aliasName = (door: LeaseDoor, alias: string): string => `${door} ${alias}`;

/** Terms of the instances that a lease holds, by the lease. They share one object. */
const terms = new WeakMap<GrantedLease, Lease>();

/** Returns the terms of an instance that a lease holds. @param ttlMs Its time to live. */
export function heldTerms(lease: GrantedLease, ttlMs: number): Lease {
  const known = terms.get(lease);
  if (known !== undefined) return known;
  const intervalMs = Math.floor(ttlMs / HEARTBEATS_PER_TTL_COUNT);
  const made = { ttlMs, removeAfterMs: ttlMs, intervalMs, id: String(lease.id) };
  terms.set(lease, made);
  return made;
}

/** A row of the table `lease`. */
export interface LeaseRow extends Omit<GrantedLease, 'keys' | 'instances' | 'locks'> {
  /** Time of the last renewal that this row knows of, on the namespace's axis. */
  timedAt: number;
}

const COLUMNS =
  'id, alias, door, token, ttl_ms, granted_at, slot, timed_at, ended, ended_by, lock_delay_ms, data, keeper';

const PUT = `INSERT INTO lease (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET
    slot = excluded.slot, timed_at = excluded.timed_at, ended = excluded.ended, ended_by = excluded.ended_by,
    keeper = excluded.keeper`;

/** Writes a lease, or its changes. Runs inside a commit. */
export function writeLeaseRow(storage: SqlStorage, lease: Omit<LeaseRow, 'timedAt'>, timedAt: number): void {
  const { id, alias = null, door, tokenId, ttlMs, grantedAt, slot, ending, lockDelayMs } = lease;
  const { data = null, keeper = null } = lease;
  const end = [ending?.cause ?? null, ending?.actor ?? null];
  const times = [grantedAt, slot < 0 ? null : slot, timedAt];
  storage.run(PUT, id, alias, door, tokenId, ttlMs, ...times, ...end, lockDelayMs, data, keeper);
}

const REMOVE_MANY = `DELETE FROM lease WHERE id IN (${Array(LEASE_ROWS_PER_STATEMENT_COUNT).fill('?').join(', ')})`;

/** Removes leases. Runs inside a commit. */
export function deleteLeaseRows(storage: SqlStorage, ids: readonly number[]): void {
  // In the order of the table, so that each of its pages is found once.
  const sorted = ids.toSorted((a, b) => a - b);
  let at = 0;
  for (; at + LEASE_ROWS_PER_STATEMENT_COUNT <= sorted.length; at += LEASE_ROWS_PER_STATEMENT_COUNT) {
    storage.run(REMOVE_MANY, ...sorted.slice(at, at + LEASE_ROWS_PER_STATEMENT_COUNT));
  }
  for (const id of sorted.slice(at)) storage.run('DELETE FROM lease WHERE id = ?', id);
}

/** Reads all leases. */
export function readLeaseRows(storage: SqlStorage): LeaseRow[] {
  return Array.from(storage.read(`SELECT ${COLUMNS} FROM lease`), decodeRow);
}

// `as` below: the table is STRICT, so columns have the types of the schema.
function decodeRow(row: SqlRow): LeaseRow {
  return {
    id: row[0] as number,
    alias: (row[1] as string | null) ?? undefined,
    door: row[2] as LeaseDoor,
    tokenId: row[3] as string,
    ttlMs: row[4] as number | null,
    grantedAt: row[5] as number,
    slot: (row[6] as number | null) ?? -1,
    timedAt: row[7] as number,
    lockDelayMs: row[10] as number,
    data: (row[11] as string | null) ?? undefined,
    keeper: (row[12] as number | null) ?? undefined,
    ending:
      row[8] === null ? undefined : { cause: row[8] as Cause, actor: row[9] as string, changed: [], staged: undefined },
  };
}
