import type { ScopeChanges, ScopeSnapshot } from '../../client/wire/wire-frame';
import { groupedName } from '../../codecs/nacos/names';
import type { ServiceKey } from '../../model/namespace-api';
import type { ReplicaContent } from './replica';

/** A service, and what keeps it in the namespace. */
interface KnownService extends ServiceKey {
  /** True: it stays without instances. */
  isPersistent: boolean;
  /** Revisions of its instances, by id. */
  instances: Map<string, number>;
}

/** The names of all services of a namespace. */
export class ServiceNames implements ReplicaContent {
  readonly #services = new Map<string, KnownService>();
  /** Called with each service that has come or gone, perhaps also with others. */
  readonly listeners = new Set<(service: ServiceKey) => void>();

  all(): Iterable<ServiceKey> {
    return this.#services.values();
  }

  has(service: ServiceKey): boolean {
    return this.#services.has(groupedName(service));
  }

  replace(services: ScopeSnapshot['services']): void {
    const before = [...this.#services.values()];
    this.#services.clear();
    for (const { group, name, persistent, instances } of services) {
      // A large service has several pieces.
      const known = this.#known({ group, service: name });
      known.isPersistent = persistent;
      for (const { id, revision } of instances) known.instances.set(id, revision);
    }
    for (const service of [...before, ...this.#services.values()]) this.#touched(service);
  }

  apply(changes: ScopeChanges['changes'], revision: number): void {
    for (const change of changes) {
      if (change.kind === 'entry') continue;
      const isNew = !this.has(change);
      const known = this.#known(change);
      if (change.kind === 'service') known.isPersistent = change.type === 'put' && change.after.persistent;
      else if (change.type === 'put') known.instances.set(change.id, revision);
      else if (revision >= (known.instances.get(change.id) ?? 0)) known.instances.delete(change.id);
      const isGone = !known.isPersistent && known.instances.size === 0;
      if (isGone) this.#services.delete(groupedName(known));
      if (isNew !== isGone) this.#touched(known);
    }
  }

  #touched(service: ServiceKey): void {
    for (const listener of this.listeners) listener(service);
  }

  #known({ group, service }: ServiceKey): KnownService {
    const name = groupedName({ group, service });
    const known = this.#services.get(name) ?? { group, service, isPersistent: false, instances: new Map() };
    this.#services.set(name, known);
    return known;
  }
}
