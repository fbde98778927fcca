import { DIRECTORY_FILE, namespaceFile } from '../../src/host/resident/data-files';
import { startRegistry as startResident } from '../../src/launcher/start-registry';
import { startWorkerdRegistry } from '../workerd/start-workerd-registry';
import { DIRECTORY_OBJECT_FILE, objectFile } from '../workerd/stored-objects';
import type { RegistryOptions, RunningRegistry } from './registry';

/** What a registry runs in: the one process of a machine, or workerd, the runtime of Cloudflare's side. */
export const HOSTS = ['resident', 'workerd'] as const;
export type Host = (typeof HOSTS)[number];

/**
 * Returns the host that the option `--host` of a proof names.
 *
 * @throws {RangeError} if there is no such host.
 */
export function hostNamed(name: string): Host {
  const host = HOSTS.find((each) => each === name);
  if (host === undefined) throw new RangeError(`--host takes ${HOSTS.join(' or ')}, not "${name}"`);
  return host;
}

/** Starts a registry in a host. In the process of a machine, `ROLLCALL_TEST_RUNTIME` may name the runtime: deno or node. */
export function startOn(host: Host, options: RegistryOptions): Promise<RunningRegistry> {
  if (host === 'workerd') return startWorkerdRegistry(options);
  const { ROLLCALL_TEST_RUNTIME: runtime } = process.env;
  return startResident(runtime === 'node' || runtime === 'deno' ? { runtime, ...options } : options);
}

/** Where a host keeps its databases, from the folder of them all. */
export interface Databases {
  directory: string;
  namespace(id: string): string;
}

/** Returns where a host keeps its databases. */
export function databasesOf(host: Host): Databases {
  return host === 'workerd'
    ? { directory: DIRECTORY_OBJECT_FILE, namespace: objectFile }
    : { directory: DIRECTORY_FILE, namespace: namespaceFile };
}
