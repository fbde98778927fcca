import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { residentBundle, workerBundle } from '../../src/launcher/bundle';
import { PROJECT_ROOT } from '../house/source-tree';

/** Names a folder with all programs, laid out as in a package: test/runner/build-programs.ts has built them for all proofs. */
export const BUILT_VARIABLE = 'ROLLCALL_TEST_BUILT';

/** Returns the path of a file in that folder; without one, builds it from the sources. */
async function builtFile(name: string, build: () => Promise<string>): Promise<string> {
  const folder = process.env[BUILT_VARIABLE];
  return folder === undefined ? build() : join(folder, name);
}

/** Returns the path of the resident process's program. The files that it loads are beside it. */
export const builtResident = (): Promise<string> => builtFile('dist/resident.js', residentBundle);

/** Returns the path of the registry's Worker. */
export const builtWorker = (): Promise<string> => builtFile('dist/worker.js', workerBundle);

/** Returns the path of the bundled command line. */
export const builtCommandLine = (): Promise<string> =>
  builtFile('dist/rollcall.js', async () => {
    // Any command bundles the program when run from a checkout.
    execFileSync(process.execPath, [join(PROJECT_ROOT, 'bin/rollcall.js'), '--version']);
    return join(PROJECT_ROOT, 'dist/rollcall.js');
  });

/** Returns the path of `rollcall.js`. In a checkout it bundles itself and the registry with each start. */
export const builtProgram = (): Promise<string> =>
  builtFile('bin/rollcall.js', async () => join(PROJECT_ROOT, 'bin/rollcall.js'));
