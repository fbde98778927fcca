import type { InstanceKey } from '../../../model/batch';
import type { Cause } from '../../../model/history';
import type { Draft } from '../commit/draft';
import { REGISTRY_ACTOR } from '../commit/journal';
import { isSynthetic } from '../entries/entry';
import type { EntryStore } from '../entries/entry-store';
import { type Catalog, compare } from '../records/catalog';
import { decodeInstance, decodeOverride, type InstanceRecord, type OverrideRecord } from '../records/records';
import { instanceView } from '../records/view';
import type { LayoutPlan, Showing } from './layout-plan';
import { nameOfShower, type Shadowed, type Shower } from './shadowed';

/** Instances and keys that a draft concerns besides its changes. */
interface Also {
  instances: Iterable<InstanceKey>;
  keys: Iterable<string>;
}

/** An instance that a draft concerns, with the entries that show it afterwards, by key and layout. */
interface Touched {
  key: InstanceKey;
  cause: Cause;
  after: readonly Showing[];
}

/** The instances under a key that another entry has, as they are after a draft. */
export type ShadowedAfter = readonly [key: string, showers: readonly Shower[]];

/** The synthetic entries of a namespace: those by which layouts show instances that take traffic. */
export class ShownEntries {
  readonly #catalog: Catalog;
  readonly #entries: EntryStore;
  readonly #shadowed: Shadowed;

  constructor(catalog: Catalog, entries: EntryStore, shadowed: Shadowed) {
    this.#catalog = catalog;
    this.#entries = entries;
    this.#shadowed = shadowed;
  }

  /** Adds to a draft the synthetic entries that follow from its changes. Returns what is shadowed afterwards. */
  follow(draft: Draft, plan: LayoutPlan, also: Also): ShadowedAfter[] {
    const shown = new ShownAfter(draft, plan);
    const keys = new Set<string>(also.keys);
    if (plan.shows) {
      for (const { kind, group, service, id, cause } of draft.changes) {
        if (kind !== 'service') this.#touch(shown, { group, service, id }, cause, keys);
      }
      for (const key of also.instances) this.#touch(shown, key, 'updated', keys);
    }
    for (const [key] of draft.entries.changes) {
      const stored = this.#entries.get(key);
      const isShown = stored !== undefined && isSynthetic(stored);
      if (isShown || this.#shadowed.at(key).length > 0) keys.add(key);
    }
    const shadowed: ShadowedAfter[] = [];
    for (const key of keys) {
      const after = this.#decide(draft, shown, key);
      if (after !== undefined) shadowed.push([key, after]);
    }
    return shadowed;
  }

  /** Adds the keys under which an instance was shown, and those under which it is. */
  #touch(shown: ShownAfter, key: InstanceKey, cause: Cause, keys: Set<string>): void {
    const service = this.#catalog.service(key);
    const [instance, override] = [service?.instances.get(key.id)?.text, service?.overrides.get(key.id)?.text];
    const record = instance === undefined ? undefined : decodeInstance(instance);
    const operator = override === undefined ? undefined : decodeOverride(override);
    for (const before of showings(shown.plan, key, record, operator)) keys.add(before.key);
    for (const after of shown.touch(key, cause)) keys.add(after.key);
  }

  /**
   * Decides which entry a key has: one that a client put, or else the instance that is shown there already, or else the
   * first of the others. Returns the others if they differ from before.
   */
  #decide(draft: Draft, shown: ShownAfter, key: string): readonly Shower[] | undefined {
    const stored = this.#entries.get(key);
    const drafted = draft.entries.changeOf(key);
    const known = this.#shadowed.at(key);
    const present =
      stored !== undefined && isSynthetic(stored)
        ? showerOf(stored.facts?.layout, this.#entries.shownBy(key))
        : undefined;
    const rest = new Map([...known, ...shown.newAt(key)].map((each) => [nameOfShower(each), each]));
    if (present !== undefined) rest.delete(nameOfShower(present));
    const waiting = [...rest.values()].filter((each) => shown.entryOf(each, key) !== undefined);
    waiting.sort((a, b) => compare(nameOfShower(a), nameOfShower(b)));
    const isPresent = present !== undefined && shown.entryOf(present, key) !== undefined;
    const all = isPresent ? [present, ...waiting] : waiting;
    const isReal =
      drafted === undefined || (drafted.after === null && present !== undefined)
        ? stored !== undefined && present === undefined
        : drafted.after !== null && !isSynthetic(drafted.after);
    if (!isReal) this.#put(draft, shown, { key, first: all[0], present, cause: drafted?.cause });
    const others = isReal ? all : all.slice(1);
    return isEqual(known, others) ? undefined : others;
  }

  #put(
    draft: Draft,
    shown: ShownAfter,
    {
      key,
      first,
      present,
      cause,
    }: { key: string; first: Shower | undefined; present: Shower | undefined; cause: Cause | undefined },
  ): void {
    if (first === undefined) {
      if (present !== undefined) draft.entries.hide(key, shown.causeOf(present) ?? 'updated');
      return;
    }
    const isSame = present !== undefined && nameOfShower(present) === nameOfShower(first);
    const value = shown.entryOf(first, key)?.value;
    if (value === undefined || (isSame && isEqualValue(this.#entries.valueOf({ key }), value))) return;
    const { layout, group, service, id } = first;
    const facts = { actor: REGISTRY_ACTOR, layout, shows: [group, service, id] as const };
    const why = shown.causeOf(first) ?? (present && shown.causeOf(present)) ?? cause ?? 'updated';
    draft.entries.show(key, { value, lease: null, facts }, why, isSame);
  }
}

/** The entries by which layouts show instances after a draft. */
class ShownAfter {
  readonly plan: LayoutPlan;
  readonly #draft: Draft;
  /** Instances that the draft concerns. */
  readonly #touched = new Map<string, Touched>();
  /** Others, as they are now. */
  readonly #others = new Map<string, readonly Showing[]>();

  constructor(draft: Draft, plan: LayoutPlan) {
    this.#draft = draft;
    this.plan = plan;
  }

  /** Adds an instance that the draft concerns. Returns the entries that show it. */
  touch(key: InstanceKey, cause: Cause): readonly Showing[] {
    const name = nameOf(key);
    const known = this.#touched.get(name);
    if (known !== undefined) return known.after;
    const after = this.#showingsOf(key);
    this.#touched.set(name, { key, cause, after });
    return after;
  }

  #showingsOf(key: InstanceKey): readonly Showing[] {
    return showings(this.plan, key, this.#draft.instance(key)?.record, this.#draft.override(key)?.record);
  }

  /** Returns the cause of the change of an instance; undefined if the draft does not concern it. */
  causeOf(shower: Shower): Cause | undefined {
    return this.#touched.get(nameOf(shower))?.cause;
  }

  /** Returns the touched instances that are shown under a key. */
  newAt(key: string): Shower[] {
    return [...this.#touched.values()].flatMap(({ key: instance, after }) =>
      after.filter((each) => each.key === key).map(({ layout }) => ({ layout, ...instance })),
    );
  }

  /** Returns the entry by which an instance is shown under a key; undefined if it is not. */
  entryOf(shower: Shower, key: string): Showing | undefined {
    const name = nameOf(shower);
    let after = this.#touched.get(name)?.after ?? this.#others.get(name);
    if (after === undefined) {
      after = this.#showingsOf(shower);
      this.#others.set(name, after);
    }
    return after.find((each) => each.key === key && each.layout === shower.layout);
  }
}

/** Returns the entries by which layouts show an instance: none if it takes no traffic. */
function showings(
  plan: LayoutPlan,
  key: InstanceKey,
  record: InstanceRecord | undefined,
  override: OverrideRecord | undefined,
): readonly Showing[] {
  if (record === undefined) return [];
  const view = instanceView(key, record, 0, override?.override, 0);
  return view.available ? plan.show(view, record.entry?.layout) : [];
}

const nameOf = ({ group, service, id }: InstanceKey): string => `${group}\u0000${service}\u0000${id}`;

function showerOf(
  layout: string | undefined,
  shows: readonly [string, string, string] | undefined,
): Shower | undefined {
  if (layout === undefined || shows === undefined) return undefined;
  const [group, service, id] = shows;
  return { layout, group, service, id };
}

const isEqual = (a: readonly Shower[], b: readonly Shower[]): boolean =>
  a.length === b.length && a.every((each, index) => nameOfShower(each) === nameOfShower(b[index] ?? each));

const isEqualValue = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, index) => byte === b[index]);
