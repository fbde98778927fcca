import type { Override } from '../../client/wire/answers';
import type { WatchedService } from '../../client/wire/frames';
import type { HistoryChange, RegisteredInstance } from '../../client/wire/history-answers';
import type { Instance } from '../../client/wire/instance';

/** An entry of the history, without its key. */
export type EntryContent = NonNullable<Extract<HistoryChange, { kind: 'entry' }>['after']>;

/** A record or an entry of the history or of a diff. */
export type DiffedRecord = Instance | RegisteredInstance | Override | WatchedService | EntryContent;

/** A value without members. Lists of such values are joined. */
export type FieldValue = string | number | boolean;

/** A field that differs between two versions of a record. */
export interface FieldChange {
  /** Path of the field, such as `weight` or `metadata.team`. */
  field: string;
  /** Undefined: it was not set. */
  before: FieldValue | undefined;
  /** Undefined: it is not set. */
  after: FieldValue | undefined;
}

/** Members that say nothing about the record itself, or that only follow from others that are compared. */
const OMITTED: ReadonlySet<string> = new Set([
  'actor',
  'changes',
  'createdRevision',
  'group',
  'id',
  'name',
  'overridden',
  'revision',
  'service',
  'updatedAt',
]);

/** Fields that are listed first, in this order; the others follow by name. */
const FIRST = [
  'status',
  'enabled',
  'quarantined',
  'quarantine',
  'healthy',
  'available',
  'weight',
  'version',
  'address',
];

/**
 * Returns the fields that differ between two versions of a record.
 *
 * @param before The record before; null if it did not exist, which lists all fields of the other.
 * @param after The record after; null if it no longer exists.
 */
export function changedFields(before: DiffedRecord | null, after: DiffedRecord | null): FieldChange[] {
  const found: FieldChange[] = [];
  compare(before, after, [], found);
  return found.sort((one, other) => rankOf(one) - rankOf(other) || (one.field < other.field ? -1 : 1));
}

function compare(before: unknown, after: unknown, path: readonly string[], found: FieldChange[]): void {
  const [old, now] = [membersOf(before), membersOf(after)];
  if (old !== undefined || now !== undefined) {
    for (const name of new Set([...Object.keys(old ?? {}), ...Object.keys(now ?? {})])) {
      if (path.length > 0 || !OMITTED.has(name)) compare(old?.[name], now?.[name], [...path, name], found);
    }
  }
  const field = path.join('.');
  // Without a reason or an end, a quarantine has no members.
  const isSet = field === 'quarantine' && (old === undefined) !== (now === undefined) && isEmpty(old ?? now);
  const change = isSet
    ? { field, before: old && true, after: now && true }
    : { field, before: scalarOf(before), after: scalarOf(after) };
  if (change.before !== change.after) found.push(change);
}

/** Returns the members of an object; undefined for anything else. */
function membersOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  // `as`: an object of JSON
  return value as Record<string, unknown>;
}

const isEmpty = (members: object = {}): boolean => Object.keys(members).length === 0;

function scalarOf(value: unknown): FieldValue | undefined {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (!Array.isArray(value) || value.length === 0) return undefined;
  return value.every((each) => typeof each !== 'object') ? value.join(', ') : JSON.stringify(value);
}

function rankOf({ field }: FieldChange): number {
  const [first = ''] = field.split('.');
  const rank = FIRST.indexOf(first);
  return rank === -1 ? FIRST.length : rank;
}
