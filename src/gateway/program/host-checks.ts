import type { DirectoryApi } from '../../model/directory-api';
import type { Principal } from '../../model/grant';
import type { NamespaceApi, ServiceKey } from '../../model/namespace-api';
import { ALL_NAMESPACES } from '../../model/service-name';
import { isLoopbackAddress, TargetRules } from '../checks/addresses';
import type { CheckRegistry } from '../checks/check-registry';
import { CheckRunner } from '../checks/check-runner';
import { runCheck } from '../checks/run-check';
import { DoorCalls, HOST_RUNNER } from '../sources/door-calls';
import { HostRegistry } from '../sources/host-registry';
import { NacosClusters } from '../sources/nacos-clusters';

/** URL of requests that never leave the process. */
const INNER_URL = 'http://registry.invalid';

/** The registry itself, which lists its namespaces to find the checks in them. */
const REGISTRY: Principal = { tokenId: 'root', grants: [{ scope: 'admin', ns: ALL_NAMESPACES }] };

/** Parameters of {@link startHostChecks}. */
export interface HostChecksOptions {
  /** Address that the registry listens on. */
  host: string;
  /** True if a proxy passes requests of clients on. */
  trustedProxy: boolean;
  namespaceOf(id: string): { calls: NamespaceApi } | undefined | Promise<{ calls: NamespaceApi } | undefined>;
  directory: Pick<DirectoryApi, 'listNamespaces'>;
  rootToken: string;
  /** Answers a request like one from a client. */
  fetch(request: Request): Promise<Response>;
  log(level: 'warn' | 'error', message: string, facts?: Record<string, unknown>): void;
}

/** The runner in the process of the registry. */
export interface HostChecks {
  /**
   * Looks at what has changed in a namespace, after a client has registered a check there; with a service, at the checkers
   * of its clusters.
   */
  changed(namespace: string, service?: ServiceKey): void;
  close(): Promise<void>;
}

/** Runs the checks of the registry in this process, as the runner named {@link HOST_RUNNER}. */
export function startHostChecks(options: HostChecksOptions): HostChecks {
  const door = new DoorCalls({
    url: INNER_URL,
    runner: HOST_RUNNER,
    token: () => options.rootToken,
    send: (url, init) => options.fetch(new Request(url, init)),
  });
  const clusters = new NacosClusters({ namespaceOf: options.namespaceOf, log: options.log });
  const registered = new HostRegistry({
    namespaceOf: options.namespaceOf,
    onService: (namespace, service) => clusters.found(namespace, service),
    namespaces: async (after) => {
      const { namespaces, next } = await options.directory.listNamespaces({ principal: REGISTRY }, { after });
      return { ids: namespaces.map(({ id }) => id), next };
    },
    door,
    log: options.log,
  });
  // Clients that may be on other machines must not reach what only this machine reaches.
  const isLocal = isLoopbackAddress(options.host) && !options.trustedProxy;
  const rules = new TargetRules({ loopback: isLocal });
  const runner = new CheckRunner({
    registry: withClusters(registered, clusters),
    run: (check, address, signal) => runCheck(check, address, rules, signal),
    log: options.log,
  });
  runner.start();
  return {
    changed: (namespace, service) =>
      void (service === undefined ? registered.look(namespace) : clusters.look(namespace, service)),
    close: () => runner.close(),
  };
}

/** Returns a registry that has the checks of clusters, too. Their instances have no leases, and none of them is removed. */
function withClusters(registered: CheckRegistry, clusters: NacosClusters): CheckRegistry {
  return {
    start: (sink) => {
      clusters.start(sink);
      registered.start(sink);
    },
    renew: (namespace, instances) => registered.renew(namespace, instances),
    report: (instance, check, result) =>
      (clusters.has(instance) ? clusters : registered).report(instance, check, result),
    deregister: (instance) => registered.deregister(instance),
    close: async () => {
      await Promise.all([registered.close(), clusters.close()]);
    },
  };
}
