import {
  type RegistryOptions,
  type RunningRegistry,
  startRegistry as startResident,
} from '../../src/launcher/start-registry';
import { startWorkerdRegistry } from '../workerd/start-workerd-registry';

export type { RegistryOptions, RunningRegistry };

/**
 * Starts the registry that a test calls over the network: as people run it on one machine, or in workerd, the runtime of
 * Cloudflare's side, where the variable `ROLLCALL_TEST_HOME` is `workerd`. `ROLLCALL_TEST_RUNTIME` names the runtime.
 */
export function startRegistry(options: RegistryOptions): Promise<RunningRegistry> {
  const { ROLLCALL_TEST_HOME: home, ROLLCALL_TEST_RUNTIME: runtime } = process.env;
  if (home === 'workerd') return startWorkerdRegistry(options);
  return startResident(runtime === 'node' || runtime === 'deno' ? { runtime, ...options } : options);
}
