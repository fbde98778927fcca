import type { DirectoryApi } from '../../model/directory-api';
import type { Principal } from '../../model/grant';
import type { NamespaceApi } from '../../model/namespace-api';
import { ALL_NAMESPACES } from '../../model/service-name';
import { isLoopbackAddress, TargetRules } from '../checks/addresses';
import { CheckRunner } from '../checks/check-runner';
import { runCheck } from '../checks/run-check';
import { DoorCalls, HOST_RUNNER } from '../sources/door-calls';
import { HostRegistry } from '../sources/host-registry';

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
  /** Looks at what has changed in a namespace, after a client has registered a check there. */
  changed(namespace: string): void;
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
  const registry = new HostRegistry({
    namespaceOf: options.namespaceOf,
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
    registry,
    run: (check, address, signal) => runCheck(check, address, rules, signal),
    log: options.log,
  });
  runner.start();
  return { changed: (namespace) => void registry.look(namespace), close: () => runner.close() };
}
