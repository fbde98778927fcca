import { type Admin, rollcallAdmin } from '../../client/admin';
import { type Client, rollcall } from '../../client/client';
import type { Watch } from '../../client/watch/watch';
import type { WatchFrame } from '../../client/wire/frames';
import type { Instance } from '../../client/wire/instance';
import type { RollcallError } from '../../client/wire/rollcall-error';
import type { CheckedInstance, CheckRegistry, CheckSink } from '../checks/check-registry';
import type { CheckResult } from '../checks/probe';
import { checkedInstance, instanceName } from './checked-instance';
import { DoorCalls } from './door-calls';

/** Parameters of {@link RemoteRegistry}. */
export interface RemoteRegistryOptions {
  /** URL of the registry, without a slash at the end. */
  url: string;
  token: string | undefined;
  namespace: string;
  /** Name of the runner. */
  runner: string;
  /** Called when the registry refuses the watch for good. */
  onRefused(error: RollcallError): void;
  /** Called when the registry can't be reached, and when it answers again. */
  onWarning(message: string): void;
  /** Watches the namespace. Default: a client of the registry. */
  client?: Pick<Client, 'watch' | 'close'> | undefined;
}

/** A registry elsewhere, as the runner of a gateway uses it: by a watch of one namespace, and over HTTP. */
export class RemoteRegistry implements CheckRegistry {
  readonly #options: RemoteRegistryOptions;
  readonly #client: Pick<Client, 'watch' | 'close'>;
  readonly #admin: Admin;
  readonly #door: DoorCalls;
  /** Names of the instances that have checks. */
  readonly #names = new Set<string>();
  #watch: Watch | undefined;

  constructor(options: RemoteRegistryOptions) {
    this.#options = options;
    const { url, token, namespace, runner, onWarning } = options;
    this.#client = options.client ?? rollcall({ url, token, namespace, onWarning });
    this.#admin = rollcallAdmin({ url, token, namespace });
    this.#door = new DoorCalls({ url, runner, token: () => token, send: (...request) => fetch(...request) });
  }

  start(sink: CheckSink): void {
    this.#watch = this.#client.watch(
      {},
      {
        observer: true,
        onFrame: (frame) => this.#take(frame, sink),
        onEnd: (error) => void (error !== undefined && this.#options.onRefused(error)),
      },
    );
  }

  async renew(_namespace: string, instances: readonly CheckedInstance[]): Promise<readonly string[]> {
    const { unknown } = await this.#admin.renewLeases({ body: { instances: instances.map(({ key }) => key) } });
    return unknown.map((key) => this.#nameOf(key));
  }

  report(instance: CheckedInstance, check: string, result: CheckResult): Promise<'reported' | 'gone'> {
    return this.#door.report(instance, check, result);
  }

  deregister(instance: CheckedInstance): Promise<void> {
    return this.#door.deregister(instance);
  }

  async close(): Promise<void> {
    this.#watch?.close();
    await this.#client.close();
  }

  #nameOf(key: { group: string; service: string; id: string }): string {
    return instanceName(this.#options.namespace, key);
  }

  #take(frame: WatchFrame, sink: CheckSink): void {
    if (frame.type === 'snapshot') {
      const found = new Set<string>();
      for (const { instances } of frame.services) {
        for (const instance of instances) if (this.#put(instance, sink)) found.add(this.#nameOf(instance));
      }
      for (const name of this.#names) if (!found.has(name)) this.#drop(name, sink);
    }
    if (frame.type !== 'changes') return;
    for (const change of frame.changes) {
      if (change.kind !== 'instance') continue;
      if (change.type === 'put') this.#put(change.after, sink);
      else this.#drop(this.#nameOf(change), sink);
    }
  }

  /** Notifies the sink of an instance. Returns whether it has checks for this runner. */
  #put(instance: Instance, sink: CheckSink): boolean {
    const { namespace, runner } = this.#options;
    const checked = checkedInstance(instance, namespace, runner);
    if (checked === undefined) {
      this.#drop(this.#nameOf(instance), sink);
      return false;
    }
    this.#names.add(checked.name);
    sink.put(checked);
    return true;
  }

  #drop(name: string, sink: CheckSink): void {
    if (this.#names.delete(name)) sink.remove(name);
  }
}
