import type { Grant } from '../../src/model/grant';
import type { HistoryEntry, HistoryPage } from '../../src/model/history';
import { NAMESPACES } from './accounts';
import type { Target } from './exchange';
import type { LimitedSender } from './hostile-names';

/** An application as shown to Eureka's clients. */
interface ShownApplication {
  name: string;
  instance: { instanceId: string; app: string; vipAddress?: string; secureVipAddress?: string }[];
}

interface ShownLists {
  applications: { application: ShownApplication[] };
}

interface Named {
  group: string;
  service: string;
}

/**
 * Looks for instances that are found under a name for which the token that registered them has no grant, and for names
 * that are ambiguous. Its rules for grants, names and virtual addresses share no code with the registry.
 */
export class Hijacks {
  readonly #target: Target;
  readonly #grants: ReadonlyMap<string, readonly Grant[]>;
  readonly #cursors = new Map<string, string>();
  /** Sender that gave each instance its extensions, by namespace, and then by application and id. */
  readonly #writers = new Map<string, Map<string, string>>();

  constructor(target: Target, senders: readonly LimitedSender[]) {
    this.#target = target;
    this.#grants = new Map(senders.map(({ tokenId, grants }) => [tokenId, grants]));
  }

  /** Returns the faults of new registrations and of the current lists. */
  async look(): Promise<string[]> {
    const faults = await Promise.all(
      NAMESPACES.map(async (namespace) => [...(await this.#written(namespace)), ...(await this.#shown(namespace))]),
    );
    return faults.flat();
  }

  async #written(namespace: string): Promise<string[]> {
    const since = this.#cursors.get(namespace);
    const path = `/api/v1/ns/${namespace}/history?limit=1000`;
    const page = await this.#target
      .must<HistoryPage>('GET', since === undefined ? path : `${path}&since=${since}`)
      .catch(() => undefined);
    if (page === undefined || page.next !== undefined || since === undefined) this.#writers.delete(namespace);
    const newest = page?.entries[0]?.cursor ?? since;
    if (page === undefined || newest === undefined) this.#cursors.delete(namespace);
    else this.#cursors.set(namespace, newest);
    return (page?.entries ?? []).toReversed().flatMap((entry) => this.#entryFaults(namespace, entry));
  }

  #entryFaults(namespace: string, { actor, revision, changes }: HistoryEntry): string[] {
    const writers = this.#writers.get(namespace) ?? new Map<string, string>();
    this.#writers.set(namespace, writers);
    return changes.flatMap((change) => {
      const faults: string[] = [];
      if (change.kind === 'entry') return faults;
      const { group, service } = change;
      const what = `${JSON.stringify([group, service])} of ${namespace} at revision ${revision}`;
      if (change.after !== null && (group.endsWith('@') || `${group} ${service}`.includes('@@')))
        faults.push(`a name is ambiguous: ${what}`);
      if (change.kind !== 'instance') return faults;
      const key = keyOf(appOf(change), change.id);
      if (change.after === null) {
        writers.delete(key);
        return faults;
      }
      if (JSON.stringify(change.before?.extensions) === JSON.stringify(change.after.extensions)) return faults;
      // A rollback restores what had been allowed.
      if (change.cause === 'rolled-back') writers.delete(key);
      else writers.set(key, actor);
      const grants = this.#grants.get(actor);
      if (grants !== undefined && !mayRegister(grants, namespace, change))
        faults.push(`${actor} has registered in a service that it has no grant for: ${what}`);
      return faults;
    });
  }

  async #shown(namespace: string): Promise<string[]> {
    const writers = this.#writers.get(namespace);
    if (writers === undefined) return [];
    const { applications } = await this.#target.must<ShownLists>('GET', `/n/${namespace}/eureka/apps`, undefined, [
      ['Accept', 'application/json'],
    ]);
    return applications.application.flatMap(({ instance }) =>
      instance.flatMap(({ app, instanceId, vipAddress = '', secureVipAddress = '' }) => {
        const writer = writers.get(keyOf(app, instanceId));
        const grants = this.#grants.get(writer ?? '');
        if (grants === undefined) return [];
        return `${vipAddress},${secureVipAddress}`
          .split(',')
          .filter((address) => address.trim() !== '' && address.trim().toUpperCase() !== app)
          .filter((address) => !mayRegister(grants, namespace, serviceOf(address)))
          .map(
            (address) =>
              `${instanceId} of ${app} in ${namespace} is found as "${address}", which ${writer} has no grant for`,
          );
      }),
    );
  }
}

const keyOf = (app: string, id: string): string => `${app}\n${id}`;

/** Returns the application of a service whose names contain no separator. */
const appOf = ({ group, service }: Named): string =>
  (group === 'DEFAULT_GROUP' ? service : `${group}@@${service}`).toUpperCase();

/** Returns the service that a virtual address names. */
function serviceOf(address: string): Named {
  const [, group = 'default_group', service = ''] = /^(?:(.*?)@@)?(.*)$/s.exec(address.trim().toLowerCase()) ?? [];
  return { group: group === 'default_group' ? 'DEFAULT_GROUP' : group, service };
}

function mayRegister(grants: readonly Grant[], namespace: string, { group, service }: Named): boolean {
  return grants.some(({ scope, ns, services }) => {
    if ((ns !== '*' && ns !== namespace) || !['register', 'operate', 'admin'].includes(scope)) return false;
    return services === undefined || services.some((pattern) => isNamed(pattern, { group, service }));
  });
}

/** Reports whether a pattern of the form `group@@service` names a service; the limited senders have no other. */
function isNamed(pattern: string, { group, service }: Named): boolean {
  const [, ofGroup, stem = '', rest] = /^(.*?)@@(.*?)(\*?)$/s.exec(pattern) ?? [];
  return group === ofGroup && (rest === '*' ? service.startsWith(stem) : service === stem);
}
