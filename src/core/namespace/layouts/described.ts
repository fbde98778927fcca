import type { InstanceKey } from '../../../model/batch';
import type { Cause } from '../../../model/history';
import { NAME_MAX_BYTES } from '../../../model/limits';
import { utf8Length } from '../../../model/names';
import type { Draft } from '../commit/draft';
import { isSynthetic, type WholeEntry } from '../entries/entry';
import type { Catalog } from '../records/catalog';
import { type InstanceEntry, isDescribed, keyOf } from '../records/catalog-entries';
import { heldTerms } from '../records/granted-leases';
import { decodeInstance, definitionText, type InstanceRecord } from '../records/records';
import type { LayoutPlan, Reading } from './layout-plan';

/** An entry as it is after a draft, for the instance that it may describe. */
export interface ReadEntry {
  readonly key: string;
  /** Cause of its change. */
  readonly cause: Cause;
  /** Null if there is none. */
  readonly after: WholeEntry | null;
}

/** Separates the id that an entry gives an instance from what the registry appends. */
const SUFFIX = '~';

/** The instances that entries describe, by the keys of these entries. */
export class DescribedInstances {
  readonly #catalog: Catalog;
  readonly #byKey = new Map<string, InstanceEntry>();

  /** @param described Instances as a wake has loaded them. */
  constructor(catalog: Catalog, described: readonly InstanceEntry[]) {
    this.#catalog = catalog;
    for (const instance of described) {
      const { entry } = decodeInstance(instance.text);
      if (entry !== undefined) this.#byKey.set(entry.key, instance);
    }
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** Returns whether the entry of a key describes an instance. */
  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  /**
   * Adds to a draft what follows from entries: an instance for each that a layout reads, and none for any other. Removals
   * come first, so that an instance can pass from one entry to another in one revision.
   */
  follow(draft: Draft, plan: LayoutPlan, entries: Iterable<ReadEntry>): void {
    const present: { entry: ReadEntry & { after: WholeEntry }; reading: Reading; known: InstanceKey | undefined }[] =
      [];
    for (const entry of entries) {
      const { key, cause, after } = entry;
      const known = this.#byKey.get(key);
      const reading = readingOf(draft, plan, after);
      const isSame = known !== undefined && reading !== undefined && isFor(known, reading);
      if (known !== undefined && !isSame) draft.removeInstance(keyOf(known), removalCause(cause));
      if (after === null || reading === undefined) continue;
      present.push({ entry: { key, cause, after }, reading, known: isSame ? keyOf(known) : undefined });
    }
    for (const { entry, reading, known } of present)
      put(draft, entry, reading, known ?? freeKey(draft, entry.key, reading));
  }

  /**
   * Returns a function that records which entries describe instances after a draft. Call it once the draft is applied, and
   * this before.
   */
  afterwards(draft: Draft): (() => void) | undefined {
    const gone: [key: string, instance: InstanceEntry][] = [];
    const here: [key: string, instance: InstanceKey][] = [];
    for (const { kind, record, ...key } of draft.changes) {
      if (kind !== 'instance') continue;
      const before = this.#catalog.instance(key);
      const source = before && isDescribed(before) ? decodeInstance(before.text).entry : undefined;
      // `as`: the change is one of an instance.
      const entry = (record as InstanceRecord | null)?.entry;
      if (before !== undefined && source !== undefined) gone.push([source.key, before]);
      if (entry !== undefined) here.push([entry.key, key]);
    }
    if (gone.length + here.length === 0) return undefined;
    return () => {
      for (const [key, instance] of gone) if (this.#byKey.get(key) === instance) this.#byKey.delete(key);
      for (const [key, at] of here) {
        const instance = this.#catalog.instance(at);
        if (instance !== undefined) this.#byKey.set(key, instance);
      }
    };
  }
}

/**
 * Reads an entry, if there is one, a lease holds it, and a client has put it. The instance has the terms of that lease, and no lease of its
 * own if it ends only when it is revoked.
 */
export function readingOf(draft: Draft, plan: LayoutPlan, entry: WholeEntry | null): Reading | undefined {
  if (entry === null || entry.lease === null || isSynthetic(entry)) return undefined;
  const lease = draft.granted.get(entry.lease);
  if (lease === undefined) return undefined;
  const { key, value } = entry;
  const leaseNames = lease.alias === undefined ? [String(lease.id)] : [String(lease.id), lease.alias];
  const reading = plan.read({ key, value, leaseNames });
  if (reading === undefined || lease.ttlMs === null) return reading;
  const definition = { ...reading.definition, ephemeral: true, lease: heldTerms(lease, lease.ttlMs) };
  return { ...reading, definition };
}

/** Returns whether an entry still describes the same instance: one may keep the id that it was given. */
function isFor({ service, id }: InstanceEntry, reading: Reading): boolean {
  if (service.group !== reading.group || service.name !== reading.service) return false;
  return id === reading.id || id.startsWith(stem(reading.id));
}

/** Returns the beginning of the ids that the registry makes from one. */
function stem(id: string): string {
  const most = NAME_MAX_BYTES - '~00000000~000000'.length;
  let cut = id;
  while (utf8Length(cut) > most) cut = cut.slice(0, -1);
  return `${cut.toWellFormed()}${SUFFIX}`;
}

/**
 * Returns the key of a new instance: with the id that the entry gives it, or with one that follows from the key of the entry
 * if another instance has that. It stays the same as long as the entry describes an instance of this name.
 */
function freeKey(draft: Draft, entryKey: string, { group, service, id }: Reading): InstanceKey {
  const isFree = (each: string) => draft.instance({ group, service, id: each }) === undefined;
  if (isFree(id)) return { group, service, id };
  const other = `${stem(id)}${hash(entryKey)}`;
  for (let count = 1; ; count++) {
    const tried = count === 1 ? other : `${other}${SUFFIX}${count}`;
    if (isFree(tried)) return { group, service, id: tried };
  }
}

/** Returns eight digits that differ for most keys. Source: FNV-1a with 32 bits. */
function hash(key: string): string {
  let bits = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) bits = Math.imul(bits ^ key.charCodeAt(at), 0x01000193);
  return (bits >>> 0).toString(16).padStart(8, '0');
}

function put(
  draft: Draft,
  { key, cause, after }: ReadEntry & { after: WholeEntry },
  reading: Reading,
  at: InstanceKey,
): void {
  const current = draft.instance(at)?.record;
  const { definition, layout } = reading;
  const source = { key, layout };
  const owner = after.facts?.actor ?? '';
  const { stamp } = draft;
  if (current === undefined) {
    const created = { createdRevision: draft.revision, changes: 1, registeredAt: stamp, updatedAt: stamp };
    const record = { definition, owner, ...created, healthy: true, healthChangedAt: [], entry: source };
    draft.putInstance(at, record, cause === 'put' ? 'registered' : cause, true);
    return;
  }
  const isSame = current.owner === owner && current.entry?.layout === layout;
  if (isSame && definitionText(current.definition) === definitionText(definition)) return;
  const record = { ...current, definition, owner, entry: source, changes: current.changes + 1, updatedAt: stamp };
  draft.putInstance(at, record, cause === 'put' ? 'updated' : cause, true);
}

/** Returns the cause with which an instance goes when its entry does, or no longer describes it. */
function removalCause(cause: Cause): Cause {
  return cause === 'put' || cause === 'deleted' ? 'deregistered' : cause;
}
