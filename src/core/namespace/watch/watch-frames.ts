import type { InstanceKey } from '../../../model/batch';
import { shownKey } from '../../../model/entry';
import type { ServerFrame, WatchedChange } from '../../../model/frames';
import { FRAME_PART_MAX_BYTES, PREVIOUS_ENTRIES_MAX_BYTES } from '../../../model/limits';
import { timestamp } from '../../../model/timestamp';
import type { ScopePart } from '../../../model/watch-scope';
import type { SnapshotPlace } from '../../platform/connection';
import type { PublishedChange, PublishedRevision, StoredState } from '../commit/commit-state';
import type { JournalEntry } from '../commit/journal';
import { decodeChanges, isOf, type JournaledChange } from '../commit/journal-format';
import { recordAt } from '../commit/record-past';
import { entryContent, entryView, type WholeEntry } from '../entries/entry';
import type { JournaledEntry } from '../entries/entry-changes';
import type { EntryStore } from '../entries/entry-store';
import { type Catalog, compare } from '../records/catalog';
import type { ServiceEntry } from '../records/catalog-entries';
import { instanceKind } from '../records/instance-kind';
import { overrideKind } from '../records/override-kind';
import type { RecordKind, RecordsThen } from '../records/record-kind';
import { RECORD_KINDS } from '../records/record-kinds';
import type { RecordKey, RecordText } from '../records/records';
import { viewOf, watchedServiceOf } from '../records/view';
import { hasKeys, keysIn, servicesIn, type Watchable } from './watch-scope';

/** Encodes every frame that a watch is sent. A change looks the same whether it is new or from the journal. */

/** A change as JSON for a frame, with the service or the key that it belongs to. */
export interface ChangeText {
  of: Watchable;
  text: string;
  /** The same with the entry before it, for watches that asked for it; absent if none did. */
  withPrevious?: string;
}

/** Encodes the change of an entry. @param isWithPrevious True if a watch asked for entries before their changes. */
export function entryChangeText({ key, before, after }: JournaledEntry, isWithPrevious: boolean): ChangeText {
  const shown = shownKey(key);
  const content = (entry: WholeEntry) => entryContent(entry, entry.value);
  const change: WatchedChange =
    after === null
      ? { type: 'delete', kind: 'entry', ...shown }
      : { type: 'put', kind: 'entry', ...shown, after: content(after) };
  const text = JSON.stringify(change);
  if (!isWithPrevious) return { of: { key }, text };
  const withPrevious = `${text.slice(0, -1)},"before":${JSON.stringify(before && content(before))}}`;
  return { of: { key }, text, withPrevious };
}

/**
 * Returns the changes of a revision in the form for watches that asked for entries before their changes: with those entries,
 * unless they are too long together.
 */
export function withPreviousEntries(changes: readonly ChangeText[]): readonly ChangeText[] {
  const length = changes.reduce((sum, change) => sum + (change.withPrevious ?? change.text).length, 0);
  if (length > PREVIOUS_ENTRIES_MAX_BYTES) return changes;
  return changes.map(({ of, text, withPrevious = text }) => ({ of, text: withPrevious }));
}

/** Encodes the changes of a commit that has just been applied. */
export function changesOfCommit(
  catalog: Catalog,
  changes: readonly PublishedChange[],
  { revision, at }: PublishedRevision,
): ChangeText[] {
  const read = <Content>(kind: RecordKind<Content>, key: InstanceKey) => {
    const service = catalog.service(key);
    return service && kind.read(service, key.id);
  };
  return changeTexts(changes, {
    revision,
    at,
    instance: (key) => read(instanceKind, key),
    override: (key) => read(overrideKind, key),
  });
}

/** Encodes the changes of a revision in the journal. */
export function changesOfPast(state: StoredState, { parts, revision, at }: JournalEntry): ChangeText[] {
  const changes = parts.flatMap(decodeChanges);
  const textOf = (key: RecordKey): RecordText | undefined => {
    const here = changes.find((each) => isOf(each, key));
    if (here === undefined) return recordAt(state, key, revision);
    return here.after === null ? undefined : { text: here.after, revision };
  };
  const read = <Content>(kind: RecordKind<Content>, key: InstanceKey) => {
    const found = textOf({ kind: kind.name, ...key });
    return found && { record: kind.decode(found.text), revision: found.revision };
  };
  return changeTexts(changes.map(decoded), {
    revision,
    at,
    instance: (key) => read(instanceKind, key),
    override: (key) => read(overrideKind, key),
  });
}

function decoded({ kind, group, service, id, after }: JournaledChange): PublishedChange {
  return { kind, group, service, id, record: after === null ? null : RECORD_KINDS[kind].decode(after) };
}

/**
 * Encodes changes. Records that show in the same view, as an override shows in its instance, make one change of that view.
 */
function changeTexts(changes: readonly PublishedChange[], then: RecordsThen): ChangeText[] {
  const named = new Set<string>();
  const texts: ChangeText[] = [];
  for (const { kind, group, service, id, record } of changes) {
    const watched = RECORD_KINDS[kind].watched({ group, service, id }, record, then);
    if (watched === undefined) continue;
    const name = `${watched.kind}\u0000${group}\u0000${service}\u0000${id}`;
    if (named.has(name)) continue;
    named.add(name);
    texts.push({ of: { group, service }, text: JSON.stringify(watched) });
  }
  return texts;
}

/**
 * Encodes the frames of one revision's changes, without their beginnings: {@link addressed} adds the name of a watch. Over
 * 256 KiB they are split into parts, and the cursor is valid from the last part on.
 *
 * @param changes At least one.
 */
export function changesFrames(published: PublishedRevision, changes: readonly ChangeText[]): string[] {
  const { revision, cursor, cause, actor, at } = published;
  const head = JSON.stringify({ cursor, revision, cause, actor, at: timestamp(at) }).slice(1, -1);
  const parts = inParts(changes);
  if (parts.length === 1) return [`${head},"changes":[${parts[0]}]}`];
  return parts.map((part, index) => {
    return `${head},"part":${index},"last":${index === parts.length - 1},"changes":[${part}]}`;
  });
}

/** Joins changes by commas, in parts that stay small unless a single change is large. */
function inParts(changes: readonly ChangeText[]): string[] {
  const parts: string[] = [];
  let part: string[] = [];
  let size = 0;
  for (const { text } of changes) {
    if (size + text.length > FRAME_PART_MAX_BYTES && part.length > 0) {
      parts.push(part.join(','));
      part = [];
      size = 0;
    }
    part.push(text);
    size += text.length;
  }
  parts.push(part.join(','));
  return parts;
}

/**
 * The frames of the same changes for many watches. A thousand watches share a few names, and consecutive ones mostly have
 * the same name: the frames of the last watch are reused for the next, and the platform copies them from one place.
 */
export class SharedFrames {
  /** Without their beginnings, as {@link changesFrames} wrote them. */
  readonly frames: readonly string[];
  #watch: string | undefined;
  #addressed: readonly string[] = [];

  constructor(frames: readonly string[]) {
    this.frames = frames;
  }

  /** Returns the frames for a watch of this name. */
  addressedTo(watch: string): readonly string[] {
    if (watch !== this.#watch) {
      this.#watch = watch;
      this.#addressed = this.frames.map((frame) => addressed('changes', watch, frame));
    }
    return this.#addressed;
  }
}

/** Completes a frame with its type and the name of its watch. */
export function addressed(type: 'changes' | 'snapshot', watch: string, frame: string): string {
  return `{"type":"${type}","watch":${JSON.stringify(watch)},${frame}`;
}

/** Encodes the frame that gives a watch the current cursor of the namespace. */
export function bookmarkFrame(watch: string, cursor: string): string {
  return JSON.stringify({ type: 'bookmark', watch, cursor });
}

/** Encodes the frame that tells a watch to discard its state: a snapshot follows, unless the watch has ended. */
export function resetFrame(
  watch: string,
  reason: string,
  end?: Pick<Extract<ServerFrame, { type: 'reset' }>, 'ended' | 'compactedRevision'>,
): string {
  const frame: ServerFrame = { type: 'reset', watch, reason, ...end };
  return JSON.stringify(frame);
}

/** A frame of a snapshot. */
export interface SnapshotPart {
  frame: string;
  /** Place to continue from; undefined if this is the last part. */
  next: SnapshotPlace | undefined;
}

/** Options of {@link snapshotPart}. */
export interface SnapshotOptions {
  watch: string;
  scope: readonly ScopePart[];
  /** Place at which it begins, with the cursor of the snapshot as a whole. */
  from: SnapshotPlace;
  /** Approximate maximum length of the part. */
  partSize: number;
}

/** Encodes the next part of a snapshot from the current state. */
export function snapshotPart(
  { catalog, entries, journal, time }: Pick<StoredState, 'catalog' | 'entries' | 'journal' | 'time'>,
  { watch, scope, from, partSize }: SnapshotOptions,
): SnapshotPart {
  const shown =
    from.key === undefined
      ? snapshotServices(servicesFrom(catalog, scope, from), from, partSize, time.stamp())
      : { services: [], next: undefined };
  const { services } = shown;
  const isWithKeys = hasKeys(scope);
  const listed = isWithKeys && shown.next === undefined ? snapshotEntries(entries, scope, from, partSize) : undefined;
  const next = shown.next ?? listed?.next;
  const isOnly = from.parts === 0 && next === undefined;
  const place = isOnly ? {} : { part: from.parts, last: next === undefined };
  const head = JSON.stringify({ cursor: from.cursor, revision: journal.revision, ...place }).slice(1, -1);
  const keys = isWithKeys ? `,"entries":[${listed?.texts.join(',') ?? ''}]` : '';
  return { frame: addressed('snapshot', watch, `${head},"services":[${services.join(',')}]${keys}}`), next };
}

/** Encodes entries by key, from the place of a snapshot on. */
function snapshotEntries(
  store: EntryStore,
  scope: readonly ScopePart[],
  { key = '', parts, cursor }: SnapshotPlace,
  partSize: number,
): { texts: string[]; next: SnapshotPlace | undefined } {
  const texts: string[] = [];
  let size = 0;
  for (const interval of keysIn(scope, key)) {
    for (const entry of store.whole(store.within(interval))) {
      if (size > partSize)
        return { texts, next: { service: '', group: '', id: '', key: entry.key, parts: parts + 1, cursor } };
      const text = JSON.stringify(entryView(entry, entry.value));
      texts.push(text);
      size += text.length;
    }
  }
  return { texts, next: undefined };
}

/** Encodes services by name and group, with their instances by id; a large service continues in the next part. */
function snapshotServices(
  shown: Iterable<ServiceEntry>,
  from: SnapshotPlace,
  partSize: number,
  stamp: number,
): { services: string[]; next: SnapshotPlace | undefined } {
  const services: string[] = [];
  let size = 0;
  for (const service of shown) {
    const { name, group } = service;
    const next = (id: string) => ({ service: name, group, id, parts: from.parts + 1, cursor: from.cursor });
    const isContinued = from.service === name && from.group === group && from.id !== '';
    let last = isContinued ? from.id : '';
    if (size > partSize) return { services, next: next(last) };
    const head = JSON.stringify(watchedServiceOf({ group, service: name }, service.own)).slice(0, -1);
    size += head.length;
    const texts: string[] = [];
    const encoded = () => `${head},"instances":[${texts.join(',')}]}`;
    for (const id of idsAfter(service, last)) {
      const entry = service.instances.get(id);
      if (entry === undefined) continue;
      if (size > partSize) return { services: [...services, encoded()], next: next(last) };
      const text = JSON.stringify(viewOf(entry, stamp));
      texts.push(text);
      size += text.length;
      last = id;
    }
    if (!isContinued || texts.length > 0) services.push(encoded());
  }
  return { services, next: undefined };
}

function idsAfter(service: ServiceEntry, after: string): string[] {
  const ids = [...service.instances.keys()];
  return (after === '' ? ids : ids.filter((id) => compare(id, after) > 0)).sort(compare);
}

/** Yields the services of a scope in order, from a place on. */
function* servicesFrom(catalog: Catalog, scope: readonly ScopePart[], from: SnapshotPlace): Generator<ServiceEntry> {
  for (const service of servicesIn(catalog, scope)) {
    if (!service.exists) continue;
    if ((compare(service.name, from.service) || compare(service.group, from.group)) >= 0) yield service;
  }
}
