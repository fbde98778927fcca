import type { RegistryOptions, RunningRegistry } from '../../src/launcher/start-registry';
import { startOn } from './host';

export type { RegistryOptions, RunningRegistry };

/**
 * Starts a registry for a test: in the resident host, or in workerd if the variable
 * `ROLLCALL_TEST_HOME` is `workerd`.
 */
export function startRegistry(options: RegistryOptions): Promise<RunningRegistry> {
  return startOn(process.env.ROLLCALL_TEST_HOME === 'workerd' ? 'workerd' : 'resident', options);
}
