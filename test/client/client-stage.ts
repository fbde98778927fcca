import { onTestFinished } from 'vitest';
import { type Client, type ClientOptions, rollcall } from '../../src/client/index';
import type { Watch } from '../../src/client/watch/watch';
import type { RegistrationEvent } from '../../src/client/wire/registration';
import { type RunningRegistry, startRegistry } from '../programs/registry';
import { temporaryFolder } from '../programs/temporary-folder';
import { call, servicePath } from '../watch-proofs/registry-calls';
import { ChaosProxy } from './chaos-proxy';

/** A registry in workerd, behind a proxy that breaks connections on demand. */
export class ClientStage {
  readonly registry: RunningRegistry;
  readonly proxy: ChaosProxy;

  private constructor(registry: RunningRegistry, proxy: ChaosProxy) {
    this.registry = registry;
    this.proxy = proxy;
  }

  static async start(): Promise<ClientStage> {
    const registry = await startRegistry({ data: temporaryFolder() });
    onTestFinished(() => registry.stop());
    const proxy = await ChaosProxy.start(registry.url);
    onTestFinished(() => proxy.stop());
    return new ClientStage(registry, proxy);
  }

  /** Creates a client behind the proxy, and closes it at the end of the test. */
  client(options: Partial<ClientOptions> = {}): Client {
    const client = rollcall({ url: this.proxy.url, token: this.registry.rootToken, ...options });
    // The proxy may still be broken at that point.
    onTestFinished(() => {
      this.proxy.heal();
      return client.close();
    });
    return client;
  }

  /** Returns the ids of the healthy instances of a service, read without the proxy. */
  async healthy(service: string): Promise<string[]> {
    const path = `${servicePath(service)}/instances`;
    const { instances } = await call<{ instances: { id: string; healthy: boolean }[] }>(this.registry, 'GET', path);
    return instances.filter(({ healthy }) => healthy).map(({ id }) => id);
  }

  /** Returns the newest revision. It moves with every change that subscribers are notified of. */
  async revision(): Promise<number> {
    return (await call<{ revision: number }>(this.registry, 'GET', '/stats')).revision;
  }
}

/** Collects the types of a registration's events. */
export function recorded(): { types: string[]; onEvent: (event: RegistrationEvent) => void } {
  const types: string[] = [];
  return { types, onEvent: ({ type }) => types.push(type) };
}

/** A list of instances that a watch keeps, and whether its frames were correct. */
export class WatchedList {
  readonly instances = new Map<string, number>();
  readonly frames: string[] = [];
  /** Every id reported by a change, in order. */
  readonly changes: string[] = [];
  cursor = '';
  error: unknown;

  /** Reads a watch to its end. */
  async read(watch: Watch): Promise<void> {
    try {
      for await (const frame of watch) {
        this.frames.push(frame.type);
        if (frame.type === 'reset' || frame.type === 'snapshot') this.instances.clear();
        if (frame.type === 'snapshot') {
          for (const { instances } of frame.services)
            for (const { id, port = 0 } of instances) this.instances.set(id, port);
        }
        if (frame.type === 'changes') {
          for (const change of frame.changes) {
            if (change.kind !== 'instance') continue;
            this.changes.push(`${change.type} ${change.id}`);
            if (change.type === 'put') this.instances.set(change.id, change.after.port ?? 0);
            else this.instances.delete(change.id);
          }
        }
        if (frame.type !== 'reset') this.cursor = frame.cursor;
      }
    } catch (error) {
      this.error = error;
    }
  }
}
