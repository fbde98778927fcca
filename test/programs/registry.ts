import type { RegistryOptions, RunningRegistry } from '../../src/launcher/start-registry';
import { startWorkerdRegistry } from '../workerd/start-workerd-registry';

export type { RegistryOptions, RunningRegistry };

/** Starts the registry that a test calls over the network, whatever its home is. */
export function startRegistry(options: RegistryOptions): Promise<RunningRegistry> {
  return startWorkerdRegistry(options);
}
