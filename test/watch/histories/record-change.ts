import { createHash } from 'node:crypto';
import type { WholeEntry } from '../../../src/core/namespace/entries/entry';
import type { JournaledEntry } from '../../../src/core/namespace/entries/entry-changes';
import { byteString, utf8ByteString } from '../../../src/model/bytes';
import { type EntryContent, type EntryView, keyOf } from '../../../src/model/entry';
import type { SnapshotService, WatchedChange, WatchedService, WatchScope } from '../../../src/model/frames';
import { isWithin } from '../../../src/model/key-interval';
import { type ExpectedView, shownView } from '../../simulation/expected-view';

/** A change of a record or an entry, in a form that can be compared between frames and the journal. */
export interface RecordChange {
  /** Key of an entry, one character a byte, which has no group or service; undefined for a record. */
  key?: string | undefined;
  /** Digest of the entry before; null if there was none, undefined if that is not shown. */
  was?: string | null | undefined;
  group: string;
  service: string;
  /**
   * Unique name of the record in the namespace: `group@@service/id`, with an empty id for a service's own settings; or
   * `key`, a space and the key of an entry.
   */
  record: string;
  /** Digest of the record's view; null if the record is gone. */
  shows: string | null;
}

/** A service's own settings. */
export interface OwnView {
  metadata: Record<string, string>;
  protectThreshold: number;
  revision: number;
}

export function nameOf(group: string, service: string, id = ''): string {
  return `${group}@@${service}/${id}`;
}

/** Returns the digest of an instance's view. */
export function instanceDigest(view: ExpectedView): string {
  return digest(JSON.stringify(view));
}

export function ownDigest({ metadata, protectThreshold, revision }: OwnView): string {
  const sorted = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  return digest(JSON.stringify([sorted, protectThreshold, revision]));
}

/** Digests make the comparison of large records as cheap as that of small ones. */
function digest(text: string): string {
  return text.length < 64 ? text : createHash('sha1').update(text).digest('base64url');
}

/** Converts a change in a frame. */
export function toRecordChange(change: WatchedChange): RecordChange {
  if (change.kind === 'entry') {
    const { before } = change;
    const was = before == null ? before : shownEntryDigest(before);
    return entryChange(keyOf(change), change.type === 'put' ? shownEntryDigest(change.after) : null, was);
  }
  const { group, service } = change;
  if (change.kind === 'service') {
    return {
      group,
      service,
      record: nameOf(group, service),
      shows: change.type === 'put' ? ownShown(change.after) : null,
    };
  }
  const shows = change.type === 'put' ? instanceDigest(shownView(change.after)) : null;
  return { group, service, record: nameOf(group, service, change.id), shows };
}

/** Converts an entry in a snapshot. */
export function entryShown(view: EntryView): RecordChange {
  return entryChange(keyOf(view), shownEntryDigest(view));
}

/** Converts a change of an entry in the journal. */
export function journaledEntryChange({ key, before, after }: JournaledEntry): RecordChange {
  return entryChange(key, after && wholeEntryDigest(after), before && wholeEntryDigest(before));
}

function entryChange(key: string, shows: string | null, was?: string | null): RecordChange {
  return { group: '', service: '', key, record: `key ${key}`, shows, was };
}

function shownEntryDigest(content: EntryContent): string {
  const { value = '', valueBase64, revision, createdRevision, version, contentType, lease, lock } = content;
  const bytes = valueBase64 === undefined ? utf8ByteString(value) : atob(valueBase64);
  const locked = lock && [lock.lease ?? null, lock.index, lock.acquiredRevision];
  return digest(JSON.stringify([revision, createdRevision, version, contentType, lease ?? null, locked, bytes]));
}

function wholeEntryDigest({ revision, createdRevision, version, lease, facts, value }: WholeEntry): string {
  const { contentType, lock } = facts ?? {};
  const named = (id: number | null) => (id === null ? null : String(id));
  const locked = lock && [named(lock.lease), lock.index, lock.acquiredRevision];
  const bytes = byteString(value);
  return digest(JSON.stringify([revision, createdRevision, version, contentType, named(lease), locked, bytes]));
}

/** Converts the records of a service in a snapshot. */
export function recordsShown(shown: SnapshotService): RecordChange[] {
  const { group, name: service } = shown;
  const instances = shown.instances.map((view) => {
    return { group, service, record: nameOf(group, service, view.id), shows: instanceDigest(shownView(view)) };
  });
  return [{ group, service, record: nameOf(group, service), shows: ownShown(shown) }, ...instances];
}

/** A service without settings of its own exists only through its instances. */
function ownShown(view: WatchedService): string | null {
  return view.persistent ? ownDigest(view) : null;
}

/** Returns whether a scope contains a service or a key, independently of the core. */
export function isInScope({ groups, services, keys = [] }: WatchScope, change: RecordChange): boolean {
  const { key } = change;
  if (key !== undefined) return keys.some((interval) => isWithin(key, interval));
  if (groups.length + services.length + keys.length === 0) return true;
  const names = services.map((each) => nameOf(each.group, each.service));
  return groups.some((group) => group === change.group) || names.includes(nameOf(change.group, change.service));
}
