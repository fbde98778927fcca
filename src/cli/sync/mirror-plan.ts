import { derivedId } from '../../client/session/register';
import type { Instance } from '../../client/wire/instance';
import { DEFAULT_CLUSTER } from '../../model/service-name';
import { type Mark, markFor, markOf } from './mark';
import type { SourceInstance } from './source';

/** Identity and settings of a mirror as a writer. */
export interface Writer {
  /** Name of the mirror, which is that of its source. */
  mirror: string;
  /** Prefix of the ids that it writes, so that they don't collide with ids of clients. */
  prefix: string;
  /** Id of its token, which owns the mirrored instances. */
  owner: string;
  /** Time to live of the leases of mirrored instances, in milliseconds. */
  leaseTtlMs: number;
  /** Reports whether a service is mirrored; earlier mirrored instances of other services are left to expire. */
  covers(service: { group: string; service: string }): boolean;
}

/** Names of an instance in this registry. */
export interface MirroredNames {
  group: string;
  service: string;
  id: string;
}

/** An instance of the source, with its names and mark in this registry. */
export interface Wanted extends MirroredNames {
  source: SourceInstance;
  mark: Mark;
}

/** Changes that make this registry match the source. */
export interface MirrorPlan {
  added: Wanted[];
  /** Changed instances, each with the members that differ, for people. */
  changed: (Wanted & { members: string[] })[];
  same: Wanted[];
  /** Mirrored instances that are gone from the source. */
  vanished: MirroredNames[];
  /** Instances that also register here directly: those take precedence, and the mirrored ones are removed. */
  skipped: (Wanted & { by: Instance })[];
}

const serviceKey = ({ group, service }: { group: string; service: string }): string => JSON.stringify([group, service]);

const wantedOf = (source: SourceInstance, { mirror, prefix, leaseTtlMs }: Writer): Wanted => ({
  group: source.group,
  service: source.service,
  id: `${prefix}${source.id}`,
  source,
  mark: markFor(mirror, source, leaseTtlMs),
});

/** Reports whether this mirror wrote an instance, by the instance's mark and its owner. */
export function isOwn(instance: Instance, { mirror, owner }: Writer): boolean {
  return instance.owner === owner && markOf(instance)?.mirror === mirror;
}

/** Returns the members of interest to people that differ from this registry. */
function differing(here: Instance, { source: { body } }: Wanted): string[] {
  const { address, port, ports = {}, weight = 1, status = 'up', cluster = DEFAULT_CLUSTER, metadata = {} } = body;
  const there = { address, port, ports, weight, status, cluster, metadata };
  const shown = new Map<string, unknown>(Object.entries(here));
  const names = Object.entries(there).flatMap(([name, value]) => (isSame(value, shown.get(name)) ? [] : name));
  // Other differences: extensions of a dialect, the lease, or settings of an operator.
  return names.length === 0 ? ['other'] : names;
}

/** Compares two JSON values; the order of keys does not matter. */
function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return one === other;
  const [entries, others] = [Object.entries(one), new Map(Object.entries(other))];
  const ofBoth = entries.every(([key, value]) => others.has(key) && isSame(value, others.get(key)));
  return ofBoth && others.size === entries.length;
}

/** Instances of a service that registered here directly, by id and by address. */
class Natives {
  readonly #byName = new Map<string, Instance>();

  add(instance: Instance): void {
    const place = derivedId(instance);
    for (const name of [instance.id, place]) if (name !== undefined) this.#byName.set(name, instance);
  }

  /** Returns the directly registered instance that is the same as one of the source. */
  directlyRegistered({ id, source }: Wanted): Instance | undefined {
    const place = derivedId(source.body);
    return (
      this.#byName.get(id) ?? this.#byName.get(source.id) ?? (place === undefined ? undefined : this.#byName.get(place))
    );
  }
}

/**
 * Computes the changes that make this registry match the source.
 *
 * A mirror changes only what it has written. An instance that registered here directly, with the same address or id, is a
 * client that has migrated: it takes precedence, and its mirrored instance is removed.
 *
 * @param here All instances of this registry that matter: those of the mirrored services, and those that the mirror wrote
 * before.
 */
export function planMirror(there: readonly SourceInstance[], here: readonly Instance[], writer: Writer): MirrorPlan {
  const natives = new Map<string, Natives>();
  const own = new Map<string, Instance>();
  for (const instance of here) {
    if (isOwn(instance, writer)) {
      if (writer.covers(instance)) own.set(`${serviceKey(instance)} ${instance.id}`, instance);
    } else {
      const key = serviceKey(instance);
      const known = natives.get(key) ?? new Natives();
      natives.set(key, known);
      known.add(instance);
    }
  }
  const plan: MirrorPlan = { added: [], changed: [], same: [], vanished: [], skipped: [] };
  const seen = new Set<string>();
  for (const source of there) {
    const wanted = wantedOf(source, writer);
    const key = `${serviceKey(wanted)} ${wanted.id}`;
    // Of duplicates in the source only the first counts.
    if (seen.has(key)) continue;
    seen.add(key);
    const direct = natives.get(serviceKey(wanted))?.directlyRegistered(wanted);
    if (direct !== undefined) {
      plan.skipped.push({ ...wanted, by: direct });
      continue;
    }
    const held = own.get(key);
    own.delete(key);
    if (held === undefined) plan.added.push(wanted);
    else if (markOf(held)?.content === wanted.mark.content) plan.same.push(wanted);
    else plan.changed.push({ ...wanted, members: differing(held, wanted) });
  }
  plan.vanished = [...own.values()].map(({ group, service, id }) => ({ group, service, id }));
  return plan;
}
