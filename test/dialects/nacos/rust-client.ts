import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { PROJECT_ROOT } from '../../house/source-tree';

/** An instance as that client shows it. */
export interface RustHost {
  ip: string;
  port: number;
  instanceId: string;
  clusterName: string;
  serviceName: string;
  weight: number;
  healthy: boolean;
  enabled: boolean;
  ephemeral: boolean;
  metadata: Record<string, string>;
}

/** An instance that it registers. */
export interface RustInstance {
  ip: string;
  port: number;
  weight?: number;
  clusterName?: string;
  metadata?: Record<string, string>;
}

interface Message {
  ready?: true;
  id?: number;
  result?: unknown;
  error?: string | null;
  push?: string;
  hosts?: RustHost[];
}

/** Parameters of {@link rustClient}. */
export interface RustClientOptions {
  /** Host and port of Nacos' HTTP API; gRPC is found 1,000 above. */
  server: string;
  token: string;
  user?: string;
  namespace?: string;
}

/** Nacos' Rust client in a process of its own, which can be frozen and killed. */
export class RustClient {
  readonly process: ChildProcess;
  /** Lists of hosts that subscriptions have been sent, by service, as sorted `ip:port`. */
  readonly pushes = new Map<string, string[][]>();
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #calls = 0;

  constructor(child: ChildProcess) {
    this.process = child;
    child.on('message', (message: Message) => this.#take(message));
    child.on('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the client has ended'));
    });
  }

  register(service: string, instance: RustInstance, group = 'DEFAULT_GROUP'): Promise<unknown> {
    return this.#call('registerInstance', service, group, instance);
  }

  registerAll(service: string, instances: RustInstance[], group = 'DEFAULT_GROUP'): Promise<unknown> {
    return this.#call('batchRegisterInstance', service, group, instances);
  }

  deregister(service: string, instance: RustInstance, group = 'DEFAULT_GROUP'): Promise<unknown> {
    return this.#call('deregisterInstance', service, group, instance);
  }

  /** Subscribes; what is pushed is in {@link pushes}. */
  async subscribe(service: string, group = 'DEFAULT_GROUP'): Promise<void> {
    await this.#call('subscribe', service, group);
  }

  /** Queries the server. */
  async hosts(service: string, group = 'DEFAULT_GROUP'): Promise<RustHost[]> {
    const found = await this.#call('getAllInstances', service, group, [], false);
    return found as RustHost[]; // `as`: as the binding's types say
  }

  /** Returns the newest list of a subscription; undefined before the first. */
  pushed(service: string): string[] | undefined {
    return this.pushes.get(service)?.at(-1);
  }

  async end(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const exit = once(this.process, 'exit');
    this.process.kill(signal);
    await exit;
  }

  #call(call: string, ...args: unknown[]): Promise<unknown> {
    this.#calls += 1;
    const id = this.#calls;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.process.send({ id, call, args });
    });
  }

  #take({ id, result, error, push, hosts }: Message): void {
    if (push !== undefined) {
      const lists = this.pushes.get(push) ?? [];
      this.pushes.set(push, lists);
      lists.push((hosts ?? []).map(({ ip, port }) => `${ip}:${port}`).sort());
      return;
    }
    const waiting = id === undefined ? undefined : this.#waiting.get(id);
    if (id === undefined || waiting === undefined) return;
    this.#waiting.delete(id);
    if (error === undefined || error === null) waiting.resolve(result);
    else waiting.reject(new Error(error));
  }
}

/** Starts the client. It is killed at the end of the test. */
export async function rustClient({
  server,
  token,
  user = 'any',
  namespace = '',
}: RustClientOptions): Promise<RustClient> {
  const options = { serverAddr: server, namespace, appName: 'test', username: user, password: token };
  const path = join(PROJECT_ROOT, 'test/dialects/nacos/rust-client-process.js');
  const child = fork(path, [JSON.stringify({ ...options, namingPushEmptyProtection: false })], { silent: true });
  const client = new RustClient(child);
  onTestFinished(() => client.end());
  const [message] = (await once(child, 'message')) as [Message]; // `as`: the first message of that script
  if (message.ready !== true) throw new Error('the client did not start');
  return client;
}
