import { derivedId } from '../../client/session/register';
import type { Instance } from '../../client/wire/instance';
import { DEFAULT_CLUSTER } from '../../model/service-name';
import { type Mark, markFor, markOf } from './mark';
import type { SourceInstance } from './source';

/** Who writes what is mirrored. */
export interface Writer {
  /** Name of the mirror: of its source. */
  mirror: string;
  /** Begins the ids of what it writes, so that nothing of it stands where a client would register itself. */
  prefix: string;
  /** Id of its token, which owns what it writes. */
  owner: string;
  /** Of the leases that it gives, in milliseconds. */
  leaseTtlMs: number;
  /** Whether a service is among those that are mirrored; what it once wrote of others is left to lapse. */
  covers(service: { group: string; service: string }): boolean;
}

/** Names an instance of the registry that is written to. */
export interface MirroredNames {
  group: string;
  service: string;
  id: string;
}

/** An instance of the source, and what it is to be here. */
export interface Wanted extends MirroredNames {
  source: SourceInstance;
  mark: Mark;
}

/** What has to be done so that this registry holds what the source does. */
export interface MirrorPlan {
  added: Wanted[];
  /** Each with the members that differ, for people. */
  changed: (Wanted & { members: string[] })[];
  same: Wanted[];
  /** What this mirror wrote, and the source has no more. */
  vanished: MirroredNames[];
  /** What registered itself here, too: that goes first, and its mirror is taken away. */
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

/** Whether an instance was written by this mirror: it says so, and the token that owns it says the same. */
export function isOwn(instance: Instance, { mirror, owner }: Writer): boolean {
  return instance.owner === owner && markOf(instance)?.mirror === mirror;
}

/** Members that people look at, as far as they differ from what is here. */
function differing(here: Instance, { source: { body } }: Wanted): string[] {
  const { address, port, ports = {}, weight = 1, status = 'up', cluster = DEFAULT_CLUSTER, metadata = {} } = body;
  const there = { address, port, ports, weight, status, cluster, metadata };
  const shown = new Map<string, unknown>(Object.entries(here));
  const names = Object.entries(there).flatMap(([name, value]) => (isSame(value, shown.get(name)) ? [] : name));
  // What only a dialect knows, the lease, or what an operator has set meanwhile.
  return names.length === 0 ? ['other'] : names;
}

/** Both come from JSON: what is undefined is not there, and the order of keys is nobody's concern. */
function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return one === other;
  const [entries, others] = [Object.entries(one), new Map(Object.entries(other))];
  const ofBoth = entries.every(([key, value]) => others.has(key) && isSame(value, others.get(key)));
  return ofBoth && others.size === entries.length;
}

/** Who of a service registered itself, by id and by place. */
class Natives {
  readonly #byName = new Map<string, Instance>();

  add(instance: Instance): void {
    const place = derivedId(instance);
    for (const name of [instance.id, place]) if (name !== undefined) this.#byName.set(name, instance);
  }

  /** The instance that registered itself and is the same as one of the source. */
  twinOf({ id, source }: Wanted): Instance | undefined {
    const place = derivedId(source.body);
    return (
      this.#byName.get(id) ?? this.#byName.get(source.id) ?? (place === undefined ? undefined : this.#byName.get(place))
    );
  }
}

/**
 * The difference between what a source holds and what this registry does, as far as that is the mirror's concern.
 *
 * It touches nothing that it did not write. An instance that registered itself here, at the same place or under the same
 * id, is a client that has moved over: what it says goes, and its mirror is no longer wanted.
 *
 * @param here All instances of this registry that could be in the way: those of the services that are mirrored, and what
 * the mirror wrote before.
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
    // A source that names one twice is wrong about one of them; the first is as good as any.
    if (seen.has(key)) continue;
    seen.add(key);
    const twin = natives.get(serviceKey(wanted))?.twinOf(wanted);
    if (twin !== undefined) {
      plan.skipped.push({ ...wanted, by: twin });
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
