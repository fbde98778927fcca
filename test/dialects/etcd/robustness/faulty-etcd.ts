import { freePort } from '../../../../src/launcher/listening-address';
import type { ChaosProxy } from '../../../client/chaos-proxy';
import type { Outage } from '../../../crash/lease-bounds';
import { freezeProcess } from '../../../crash/victim';
import { startOn } from '../../../programs/host';
import type { RunningRegistry } from '../../../programs/registry';

/** A period in which a server of etcd's API did not listen. */
export interface EtcdOutage extends Outage {
  /** True if a gateway died: the leases that it kept end only after its own. */
  endsKeeper?: boolean;
}

/** Parts on which a gateway depends. */
export interface Behind {
  /** Kills the registry without warning, and waits until it answers again. */
  kill(): Promise<void>;
  /** Proxy between the gateway and the registry. */
  proxy: ChaosProxy;
}

/** A server of etcd's API that a run starts, kills and freezes. */
export interface FaultyEtcd {
  /** URL without a path, the same after each start. Set once it has started. */
  readonly endpoint: string;
  /** Credentials of clients. */
  readonly credentials: { user: string; password: string };
  /** Starts it and waits until it answers. */
  start(): Promise<void>;
  /**
   * Kills it without warning, and waits until it answers again.
   *
   * @param outages Receives the outage from its first moment.
   */
  kill(outages: EtcdOutage[]): Promise<void>;
  /** Stops its process for a time, without ending it. */
  freeze(ms: number, outages: EtcdOutage[]): Promise<void>;
  /** Parts behind it; absent if it is the registry itself. */
  readonly behind?: Behind;
  /** Stops it normally. */
  stop(): Promise<void>;
}

/** Root token of the registries of all runs. */
export const ROOT_TOKEN = 'test-root-token-0123456789abcdefghijklmnop';

/** Options of {@link faultyResident}. */
export interface FaultyResidentOptions {
  /** Path of the data folder. */
  data: string;
  /** Path of another built program of the resident host, such as one with a defect. */
  residentPath?: string | undefined;
  /** Receives the lines that it logs. */
  output?: ((line: string) => void) | undefined;
}

/** Returns `rollcall serve --etcd-port`, not started yet. */
export function faultyResident(options: FaultyResidentOptions): FaultyEtcd {
  let registry: RunningRegistry | undefined;
  let port = 0;
  const running = (): RunningRegistry => {
    if (registry === undefined) throw new Error('it was not started');
    return registry;
  };
  return {
    get endpoint() {
      return `http://127.0.0.1:${port}`;
    },
    credentials: { user: 'any', password: ROOT_TOKEN },
    start: async () => {
      port = await freePort();
      registry = await startOn('resident', { ...options, etcdPort: port, rootToken: ROOT_TOKEN });
    },
    kill: async (outages) => {
      const never = Number.POSITIVE_INFINITY;
      const outage: EtcdOutage = { from: Date.now(), downBy: never, until: never };
      outages.push(outage);
      const answering = running().kill('SIGKILL');
      outage.downBy = Date.now();
      await answering;
      outage.until = Date.now();
    },
    freeze: (ms, outages) => freezeProcess(running().pid, ms, outages),
    stop: async () => registry?.stop(),
  };
}
