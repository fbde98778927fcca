import type { ChildProcess } from 'node:child_process';
import { freePort } from '../../../../src/launcher/listening-address';
import { ChaosProxy } from '../../../client/chaos-proxy';
import { freezeProcess } from '../../../crash/victim';
import { endGateway, startGateway } from '../../../programs/gateway-process';
import { startOn } from '../../../programs/host';
import type { RunningRegistry } from '../../../programs/registry';
import { type EtcdOutage, type FaultyEtcd, ROOT_TOKEN } from './faulty-etcd';

/** Options of {@link faultyGateway}. */
export interface FaultyGatewayOptions {
  /** Path of the data folder of the registry. */
  data: string;
  /** Path of `rollcall.js`. Default: that of the tests. */
  program?: string;
}

/** Returns `rollcall gateway --etcd-port` in front of the registry in `workerd`, not started yet. */
export function faultyGateway(options: FaultyGatewayOptions): FaultyEtcd {
  return new FaultyGateway(options);
}

class FaultyGateway implements FaultyEtcd {
  readonly credentials = { user: 'any', password: ROOT_TOKEN };
  readonly #options: FaultyGatewayOptions;
  #port = 0;
  #parts: { registry: RunningRegistry; proxy: ChaosProxy; gateway: ChildProcess } | undefined;

  constructor(options: FaultyGatewayOptions) {
    this.#options = options;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    const registry = await startOn('workerd', { data: this.#options.data, rootToken: ROOT_TOKEN });
    const proxy = await ChaosProxy.start(registry.url);
    this.#port = await freePort();
    try {
      this.#parts = { registry, proxy, gateway: await this.#startGateway(proxy) };
    } catch (error) {
      proxy.stop();
      await registry.stop();
      throw error;
    }
  }

  async kill(outages: EtcdOutage[]): Promise<void> {
    const { gateway, proxy } = this.#running;
    const never = Number.POSITIVE_INFINITY;
    const from = Date.now();
    // The registry loses nothing: a lease ends no earlier. It may end later, as the gateway's own lease has to end first.
    const outage: EtcdOutage = { from, downBy: never, frozenUntil: from + 1, until: never, endsKeeper: true };
    outages.push(outage);
    await endGateway(gateway, 'SIGKILL');
    outage.downBy = Date.now();
    this.#running.gateway = await this.#startGateway(proxy);
    outage.until = Date.now();
  }

  freeze(ms: number, outages: EtcdOutage[]): Promise<void> {
    const { pid } = this.#running.gateway;
    if (pid === undefined) throw new Error('the gateway has a process');
    return freezeProcess(pid, ms, outages);
  }

  get behind() {
    const { registry, proxy } = this.#running;
    return { kill: () => registry.kill('SIGKILL'), proxy };
  }

  async stop(): Promise<void> {
    if (this.#parts === undefined) return;
    const { registry, proxy, gateway } = this.#parts;
    await endGateway(gateway, 'SIGTERM');
    proxy.stop();
    await registry.stop();
  }

  get #running() {
    if (this.#parts === undefined) throw new Error('it was not started');
    return this.#parts;
  }

  #startGateway(proxy: ChaosProxy): Promise<ChildProcess> {
    const { program } = this.#options;
    return startGateway({ url: proxy.url, token: ROOT_TOKEN, port: this.#port, program });
  }
}
