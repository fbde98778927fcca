import type { Home, Programs } from './program';
import { residentPrograms } from './resident-programs';
import { workerdPrograms } from './workerd-programs';

/** Builds the registry and the floors for one home into a folder. */
export function programsOf(home: Home, folder: string): Promise<Programs> {
  return home === 'workerd' ? workerdPrograms(folder) : residentPrograms(home, folder);
}
