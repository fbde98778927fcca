import { RegistryError } from '../../model/errors';
import type { SnapshotService } from '../../model/frames';
import { readJsonText } from '../../model/json';
import type { Caller, NamespaceApi } from '../../model/namespace-api';
import type { CheckedInstance, CheckRegistry, CheckSink } from '../checks/check-registry';
import type { CheckResult } from '../checks/probe';
import { type CheckView, checkedInstance, instanceName } from './checked-instance';
import { type DoorCalls, HOST_RUNNER } from './door-calls';

/** Time between two looks at the changes of a namespace that has checks. */
const FOLLOW_INTERVAL_MS = 5_000;

/** Pause after each namespace of the first scan, so that the registry answers meanwhile. */
const SCAN_PAUSE_MS = 5;

/** The registry itself calls its namespaces. */
const CALLER: Caller = { tokenId: 'root', operates: true };

/** Parameters of {@link HostRegistry}. */
export interface HostRegistryOptions {
  namespaceOf(id: string): { calls: NamespaceApi } | undefined | Promise<{ calls: NamespaceApi } | undefined>;
  /** Returns a page of the ids of all namespaces. */
  namespaces(after: string | undefined): Promise<{ ids: readonly string[]; next?: string | undefined }>;
  door: DoorCalls;
  /** Called with each service that a scan of a namespace finds; a large one may be found several times. */
  onService?(namespace: string, service: Pick<SnapshotService, 'group' | 'name' | 'metadata'>): void;
  log(level: 'warn' | 'error', message: string, facts?: Record<string, unknown>): void;
  /** Default: {@link FOLLOW_INTERVAL_MS}. */
  followIntervalMs?: number | undefined;
}

/** A namespace whose checks are run. */
interface Followed {
  /** Cursor up to which its changes are known; undefined: nothing is. */
  cursor: string | undefined;
  /** Names of its instances that have checks. */
  names: Set<string>;
  /** The look under way, and whether another one must follow it. */
  look: Promise<void> | undefined;
  again: boolean;
}

/**
 * The registry as the runner in the same process uses it. A namespace is looked at when a client registers a check in it, and
 * while it has checks, every few seconds: other APIs may change or replace what the checks belong to.
 */
export class HostRegistry implements CheckRegistry {
  readonly #options: HostRegistryOptions;
  readonly #followed = new Map<string, Followed>();
  #sink: CheckSink | undefined;
  #following: ReturnType<typeof setInterval> | undefined;
  #isClosed = false;

  constructor(options: HostRegistryOptions) {
    this.#options = options;
  }

  start(sink: CheckSink): void {
    this.#sink = sink;
    const look = () => {
      for (const [id, { names }] of this.#followed) if (names.size > 0) void this.look(id);
    };
    this.#following = setInterval(look, this.#options.followIntervalMs ?? FOLLOW_INTERVAL_MS);
    void this.#scan();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#following);
    await Promise.all([...this.#followed.values()].map(({ look }) => look));
  }

  async renew(namespace: string, instances: readonly CheckedInstance[]): Promise<readonly string[]> {
    const { calls } = (await this.#options.namespaceOf(namespace)) ?? {};
    if (calls === undefined) return instances.map(({ name }) => name);
    const { body } = await calls.renewMany(
      CALLER,
      instances.map(({ key }) => key),
    );
    return readJsonText(body).unknown.map((key) => instanceName(namespace, key));
  }

  report(instance: CheckedInstance, check: string, result: CheckResult): Promise<'reported' | 'gone'> {
    return this.#options.door.report(instance, check, result);
  }

  deregister(instance: CheckedInstance): Promise<void> {
    return this.#options.door.deregister(instance);
  }

  /** Looks at what has changed in a namespace. A call during a look has another one follow. Never rejects. */
  look(id: string): Promise<void> {
    const known = this.#followed.get(id);
    const followed = known ?? { cursor: undefined, names: new Set(), look: undefined, again: false };
    if (known === undefined) this.#followed.set(id, followed);
    followed.again = true;
    followed.look ??= this.#lookUntilDone(id, followed);
    return followed.look;
  }

  async #lookUntilDone(id: string, followed: Followed): Promise<void> {
    try {
      while (followed.again && !this.#isClosed) {
        followed.again = false;
        await this.#lookOnce(id, followed);
      }
    } catch (error) {
      const facts = { namespace: id, error: String(error) };
      if (!this.#isClosed) this.#options.log('warn', 'the checks of a namespace could not be read', facts);
    } finally {
      followed.look = undefined;
    }
  }

  async #lookOnce(id: string, followed: Followed): Promise<void> {
    const { calls } = (await this.#options.namespaceOf(id)) ?? {};
    if (calls === undefined) {
      this.#forget(id, followed);
      return;
    }
    try {
      if (followed.cursor === undefined) await this.#readAll(id, calls, followed);
      else await this.#readChanges(id, calls, followed);
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      if (error.code === 'NAMESPACE_NOT_FOUND') this.#forget(id, followed);
      else if (error.code === 'COMPACTED') await this.#readAll(id, calls, followed);
      else throw error;
    }
  }

  #forget(id: string, { names }: Followed): void {
    for (const name of names) this.#sink?.remove(name);
    this.#followed.delete(id);
  }

  async #readAll(id: string, calls: NamespaceApi, followed: Followed): Promise<void> {
    const found = new Set<string>();
    let after: string | undefined;
    do {
      const part = await calls.snapshot(after === undefined ? {} : { after });
      followed.cursor = part.cursor;
      const { services, next } = readJsonText(part.body ?? '{"services":[]}');
      after = next;
      for (const service of services) {
        this.#options.onService?.(id, service);
        for (const view of service.instances) if (this.#take(id, view, followed)) found.add(instanceName(id, view));
      }
    } while (after !== undefined);
    for (const name of followed.names) if (!found.has(name)) this.#drop(name, followed);
  }

  async #readChanges(id: string, calls: NamespaceApi, followed: Followed): Promise<void> {
    let isMore = true;
    while (isMore && followed.cursor !== undefined) {
      const { cursor, body } = await calls.changedSince({ since: followed.cursor });
      followed.cursor = cursor;
      isMore = false;
      if (body === null) return;
      const { instances, more } = readJsonText(body);
      isMore = more;
      for (const { instance, isGone } of instances) {
        if (isGone) this.#drop(instanceName(id, instance), followed);
        else this.#take(id, instance, followed);
      }
    }
  }

  /** Notifies the sink of an instance. Returns whether it has checks for this runner. */
  #take(id: string, view: CheckView, followed: Followed): boolean {
    const instance = checkedInstance(view, id, HOST_RUNNER);
    if (instance === undefined) {
      this.#drop(instanceName(id, view), followed);
      return false;
    }
    followed.names.add(instance.name);
    this.#sink?.put(instance);
    return true;
  }

  #drop(name: string, { names }: Followed): void {
    if (names.delete(name)) this.#sink?.remove(name);
  }

  /** Looks at all namespaces once, one after the other. */
  async #scan(): Promise<void> {
    let after: string | undefined;
    try {
      do {
        const { ids, next } = await this.#options.namespaces(after);
        for (const id of ids) {
          if (this.#isClosed) return;
          await this.look(id);
          await new Promise((resolve) => setTimeout(resolve, SCAN_PAUSE_MS));
        }
        after = next;
      } while (after !== undefined);
    } catch (error) {
      this.#options.log('error', 'the namespaces could not be listed; some checks may not run', {
        error: String(error),
      });
    }
  }
}
