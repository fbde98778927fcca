import type { RegistryOptions, RunningRegistry } from '../../src/launcher/start-registry';
import { startOn } from './host';

export type { RegistryOptions, RunningRegistry };

/**
 * Starts the registry that a test calls over the network: as people run it on one machine, or in workerd, the runtime of
 * Cloudflare's side, where the variable `ROLLCALL_TEST_HOME` is `workerd`.
 */
export function startRegistry(options: RegistryOptions): Promise<RunningRegistry> {
  return startOn(process.env.ROLLCALL_TEST_HOME === 'workerd' ? 'workerd' : 'resident', options);
}
