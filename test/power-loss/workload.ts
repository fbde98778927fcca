import type { SqlStorage } from '../../src/core/storage/sql-storage';

/** Number of rows that changes are written to, few enough for pages to be overwritten often. */
const SLOTS = 13;
const PAYLOAD_MAX_CHARACTERS = 9_000;

/** Creates the table for {@link applyChange}. */
export function makeTable(storage: SqlStorage): void {
  storage.run('CREATE TABLE IF NOT EXISTS slots (slot INTEGER PRIMARY KEY, change INTEGER NOT NULL, payload TEXT)');
}

/** Writes a change in a transaction. Its content is derived from its number. */
export function applyChange(storage: SqlStorage, change: number): void {
  storage.transaction(() => {
    storage.run('INSERT OR REPLACE INTO slots VALUES (?, ?, ?)', slotOf(change), change, payloadOf(change));
  });
}

/** Returns the number of the last change in the table; 0 if there is none. */
export function lastChange(storage: SqlStorage): number {
  if ([...storage.read("SELECT 1 FROM sqlite_schema WHERE name = 'slots' LIMIT 1")].length === 0) return 0;
  return Number([...storage.read('SELECT max(change) FROM slots')][0]?.[0] ?? 0);
}

/**
 * Compares a table with the expected result of all changes up to its last one.
 *
 * @param after Number of the last change before the database was erased; 0 if it never was.
 */
export function tableProblem(storage: SqlStorage, after: number): string | undefined {
  const last = lastChange(storage);
  if (last === 0) return undefined;
  const found = new Map<number, [change: number, payload: string]>();
  for (const [slot, change, payload] of storage.read('SELECT slot, change, payload FROM slots')) {
    found.set(Number(slot), [Number(change), String(payload)]);
  }
  const expected = new Map<number, number>();
  for (let change = Math.max(after + 1, last - SLOTS + 1); change <= last; change += 1) {
    expected.set(slotOf(change), change);
  }
  for (const [slot, change] of expected) {
    const row = found.get(slot);
    if (row?.[0] !== change) return `slot ${slot} holds change ${row?.[0]} instead of ${change}, though ${last} exists`;
    if (row[1] !== payloadOf(change)) return `slot ${slot} lacks the content of change ${change}`;
  }
  return found.size === expected.size ? undefined : `${found.size} slots exist instead of ${expected.size}`;
}

/** Returns the slot of a change. Consecutive changes use all slots in turn, far from each other. */
const slotOf = (change: number): number => (change * 7) % SLOTS;

function payloadOf(change: number): string {
  const length = (Math.imul(change, 2_654_435_761) >>> 0) % PAYLOAD_MAX_CHARACTERS;
  return `change ${change} `.repeat(Math.ceil(length / 8)).slice(0, length);
}
