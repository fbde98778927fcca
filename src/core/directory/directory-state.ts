import type { Courier } from './courier';
import type { DirectoryPlatform } from './directory-platform';
import type { DirectoryRows } from './directory-rows';
import type { DurableSteps } from './durable-steps';

/** The directory, awake. */
export interface DirectoryState extends DirectoryRows {
  platform: DirectoryPlatform;
  steps: DurableSteps;
  courier: Courier;
}
