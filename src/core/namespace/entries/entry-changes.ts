import type { Cause } from '../../../model/history';
import { JOURNAL_PART_MAX_BYTES, JOURNAL_PART_MAX_ENTRIES_COUNT } from '../../../model/limits';
import { utf8Length } from '../../../model/names';
import type { WholeEntry } from './entry';

/** One changed entry as the journal keeps it, whole before and after; null if there was none. */
export interface JournaledEntry {
  /** One character a byte. */
  readonly key: string;
  readonly cause: Cause;
  /** Previous revision of the key, also that of its deletion; 0 if the journal has none. */
  readonly previous: number;
  readonly before: WholeEntry | null;
  readonly after: WholeEntry | null;
}

/** An entry in the head of a part. Its revision is that of the change, or the previous one; its value follows the head. */
type EntryHead = Omit<WholeEntry, 'key' | 'revision' | 'value'>;

/** A change in the head of a part. */
interface ChangeHead extends Pick<JournaledEntry, 'key' | 'cause' | 'previous'> {
  before: EntryHead | null;
  after: EntryHead | null;
}

/** Place of the head, after its length. */
const HEAD_AT = 4;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function headOf(entry: WholeEntry | null): EntryHead | null {
  if (entry === null) return null;
  const { createdRevision, version, lease, facts, size } = entry;
  return { createdRevision, version, lease, facts, size };
}

/**
 * Encodes the changes of a revision, in their order, as one or more parts, each small enough for a row: the length of a head
 * in 32 bits, the head as JSON, then all values, of each change before and after.
 */
export function encodeEntryParts(changes: readonly JournaledEntry[]): ArrayBuffer[] {
  const parts: ArrayBuffer[] = [];
  let part: JournaledEntry[] = [];
  let heads: string[] = [];
  let bytes = 0;
  for (const change of changes) {
    const head = encodeHead(change);
    // Many small entries have longer heads than values.
    const more = (change.before?.size ?? 0) + (change.after?.size ?? 0) + utf8Length(head);
    const isFull = bytes + more > JOURNAL_PART_MAX_BYTES || part.length >= JOURNAL_PART_MAX_ENTRIES_COUNT;
    if (isFull && part.length > 0) {
      parts.push(encodePart(part, heads));
      part = [];
      heads = [];
      bytes = 0;
    }
    part.push(change);
    heads.push(head);
    bytes += more;
  }
  if (part.length > 0) parts.push(encodePart(part, heads));
  return parts;
}

function encodeHead({ key, cause, previous, before, after }: JournaledEntry): string {
  const head: ChangeHead = { key, cause, previous, before: headOf(before), after: headOf(after) };
  return JSON.stringify(head);
}

function encodePart(changes: readonly JournaledEntry[], heads: readonly string[]): ArrayBuffer {
  const head = encoder.encode(`[${heads.join(',')}]`);
  const values = changes.flatMap(({ before, after }) => [before, after].flatMap((entry) => entry?.value ?? []));
  const length = values.reduce((sum, value) => sum + value.length, HEAD_AT + head.length);
  const part = new Uint8Array(length);
  new DataView(part.buffer).setUint32(0, head.length, true);
  part.set(head, HEAD_AT);
  let at = HEAD_AT + head.length;
  for (const value of values) {
    part.set(value, at);
    at += value.length;
  }
  return part.buffer;
}

/**
 * Decodes a part of {@link encodeEntryParts}.
 *
 * @param revision Its revision.
 * @param isSought Chooses changes by their keys; all by default. The values of others are not copied.
 */
export function decodeEntryChanges(
  part: ArrayBuffer,
  revision: number,
  isSought: (change: Pick<JournaledEntry, 'key' | 'cause'>) => boolean = () => true,
): JournaledEntry[] {
  const { heads, end } = headsOf(part);
  let at = end;
  const take = (key: string, head: EntryHead | null, madeAt: number): WholeEntry | null => {
    if (head === null) return null;
    // A copy, so that one small value does not keep the whole part in memory.
    const value = new Uint8Array(part.slice(at, at + head.size));
    at += head.size;
    return { key, revision: madeAt, ...head, value };
  };
  const changes: JournaledEntry[] = [];
  for (const head of heads) {
    const { key, cause, previous, before, after } = head;
    if (isSought(head)) {
      const earlier = take(key, before, previous);
      changes.push({ key, cause, previous, before: earlier, after: take(key, after, revision) });
    } else at += (before?.size ?? 0) + (after?.size ?? 0);
  }
  return changes;
}

/** Returns the keys that the changes of a part deleted. */
export function deletedKeys(part: ArrayBuffer): string[] {
  return headsOf(part).heads.flatMap(({ key, after }) => (after === null ? key : []));
}

/** Returns the keys of the changes of a part, and their causes. */
export function changeHeads(part: ArrayBuffer): Pick<JournaledEntry, 'key' | 'cause'>[] {
  return headsOf(part).heads;
}

function headsOf(part: ArrayBuffer): { heads: ChangeHead[]; end: number } {
  const length = new DataView(part).getUint32(0, true);
  const end = HEAD_AT + length;
  // `as`: only encodePart writes these texts.
  const heads = JSON.parse(decoder.decode(new Uint8Array(part, HEAD_AT, length))) as ChangeHead[];
  return { heads, end };
}
