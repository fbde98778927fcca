import { DIRECTORY_FILE, namespaceFile } from '../../src/host/resident/data-files';
import { startRegistry as startResident } from '../../src/launcher/start-registry';
import { startWorkerdRegistry } from '../workerd/start-workerd-registry';
import { DIRECTORY_OBJECT_FILE, objectFile } from '../workerd/stored-objects';
import { builtResident } from './built-programs';
import type { RegistryOptions, RunningRegistry } from './registry';

/** Names of the hosts: the single process on one machine, or workerd, which runs the Worker. */
export const HOSTS = ['resident', 'workerd'] as const;
export type Host = (typeof HOSTS)[number];

/**
 * Parses the option `--host` of a proof.
 *
 * @throws {RangeError} if there is no such host.
 */
export function hostNamed(name: string): Host {
  const host = HOSTS.find((each) => each === name);
  if (host === undefined) throw new RangeError(`--host must be ${HOSTS.join(' or ')}, not "${name}"`);
  return host;
}

/** Starts a registry in a host. `ROLLCALL_TEST_RUNTIME` chooses the runtime of the resident host: deno or node. */
export async function startOn(host: Host, options: RegistryOptions): Promise<RunningRegistry> {
  if (host === 'workerd') return startWorkerdRegistry(options);
  const { ROLLCALL_TEST_RUNTIME: runtime } = process.env;
  const built: RegistryOptions = { ...options, residentPath: options.residentPath ?? (await builtResident()) };
  return startResident(runtime === 'node' || runtime === 'deno' ? { runtime, ...built } : built);
}

/** Paths of a host's databases, relative to the storage folder. */
export interface Databases {
  directory: string;
  namespace(id: string): string;
}

/** Returns the paths of a host's databases. */
export function databasesOf(host: Host): Databases {
  return host === 'workerd'
    ? { directory: DIRECTORY_OBJECT_FILE, namespace: objectFile }
    : { directory: DIRECTORY_FILE, namespace: namespaceFile };
}
