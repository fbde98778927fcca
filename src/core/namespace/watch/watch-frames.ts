import type { InstanceKey } from '../../../model/batch';
import { FRAME_PART_MAX_BYTES } from '../../../model/limits';
import type { ServiceKey } from '../../../model/namespace-api';
import { timestamp } from '../../../model/timestamp';
import type { ScopePart } from '../../../model/watch-scope';
import type { SnapshotPlace } from '../../platform/connection';
import type { PublishedChange, StoredState, ToldRevision } from '../commit/commit-state';
import { type JournalEntry, recordAt } from '../commit/journal';
import { decodeChanges, isOf, type JournaledChange } from '../commit/journal-format';
import { type Catalog, compare } from '../records/catalog';
import type { ServiceEntry } from '../records/catalog-entries';
import { instanceKind } from '../records/instance-kind';
import { overrideKind } from '../records/override-kind';
import type { RecordKind, RecordsThen } from '../records/record-kind';
import { RECORD_KINDS } from '../records/record-kinds';
import type { RecordKey, RecordText } from '../records/records';
import { viewOf, watchedServiceOf } from '../records/view';
import { servicesIn } from './watch-scope';

/** Every frame that a watch is sent is written here: as text, and the same whether a change is new or from the journal. */

/** A change as frames carry it, as JSON, with the service that it is about. */
export interface ChangeText extends ServiceKey {
  text: string;
}

/** Writes the changes of a commit that has just been applied. */
export function changesOfCommit(
  catalog: Catalog,
  changes: readonly PublishedChange[],
  { revision, at }: ToldRevision,
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

/** Writes the changes of a revision that the journal keeps. */
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

/** Two records that show in the same one, as an override shows in its instance, are one change of that. */
function changeTexts(changes: readonly PublishedChange[], then: RecordsThen): ChangeText[] {
  const named = new Set<string>();
  const texts: ChangeText[] = [];
  for (const { kind, group, service, id, record } of changes) {
    const watched = RECORD_KINDS[kind].watched({ group, service, id }, record, then);
    if (watched === undefined) continue;
    const name = `${watched.kind}\u0000${group}\u0000${service}\u0000${id}`;
    if (named.has(name)) continue;
    named.add(name);
    texts.push({ group, service, text: JSON.stringify(watched) });
  }
  return texts;
}

/**
 * Writes the frames of one revision's changes, without their beginnings: {@link addressed} adds the name of a watch. Over
 * 256 KiB they come in parts, and the cursor counts at the last.
 *
 * @param changes At least one.
 */
export function changesFrames(told: ToldRevision, changes: readonly ChangeText[]): string[] {
  const { revision, cursor, cause, actor, at } = told;
  const head = JSON.stringify({ cursor, revision, cause, actor, at: timestamp(at) }).slice(1, -1);
  const parts = inParts(changes);
  if (parts.length === 1) return [`${head},"changes":[${parts[0]}]}`];
  return parts.map((part, index) => {
    return `${head},"part":${index},"last":${index === parts.length - 1},"changes":[${part}]}`;
  });
}

/** Changes joined by commas, in pieces that stay small unless one change alone is large. */
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
 * The same changes for one watch after the other. A thousand watches have a few names between them, and neighbours
 * mostly the same one: what was made for the last watch serves the next, and the platform copies it from one place.
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

/** Completes a frame by its type and the name of the watch that it is for. */
export function addressed(type: 'changes' | 'snapshot', watch: string, frame: string): string {
  return `{"type":"${type}","watch":${JSON.stringify(watch)},${frame}`;
}

/** Writes the frame that tells a watch how far the namespace is. */
export function bookmarkFrame(watch: string, cursor: string): string {
  return JSON.stringify({ type: 'bookmark', watch, cursor });
}

/** Writes the frame that tells a watch to forget what it has: a snapshot follows. */
export function resetFrame(watch: string, reason: string): string {
  return JSON.stringify({ type: 'reset', watch, reason });
}

/** A frame of a snapshot, and the place to go on from; undefined where it is the last. */
export interface SnapshotPart {
  frame: string;
  next: SnapshotPlace | undefined;
}

/** What a part of a snapshot is made for. */
export interface SnapshotOptions {
  watch: string;
  scope: readonly ScopePart[];
  /** Where it begins. Its cursor is that of the snapshot as a whole. */
  from: SnapshotPlace;
  /** About how long the part may be. */
  partSize: number;
}

/** Writes the next part of a snapshot, as everything is now. */
export function snapshotPart(
  { catalog, journal, time }: Pick<StoredState, 'catalog' | 'journal' | 'time'>,
  { watch, scope, from, partSize }: SnapshotOptions,
): SnapshotPart {
  const { services, next } = snapshotServices(servicesFrom(catalog, scope, from), from, partSize, time.stamp());
  const isOnly = from.parts === 0 && next === undefined;
  const place = isOnly ? {} : { part: from.parts, last: next === undefined };
  const head = JSON.stringify({ cursor: from.cursor, revision: journal.revision, ...place }).slice(1, -1);
  return { frame: addressed('snapshot', watch, `${head},"services":[${services.join(',')}]}`), next };
}

/** Services come by name and group, their instances by id; a large service goes on in the next part. */
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

/** Services of a scope in order, from a place on. */
function* servicesFrom(catalog: Catalog, scope: readonly ScopePart[], from: SnapshotPlace): Generator<ServiceEntry> {
  for (const service of servicesIn(catalog, scope)) {
    if (!service.exists) continue;
    if ((compare(service.name, from.service) || compare(service.group, from.group)) >= 0) yield service;
  }
}
