import { join } from 'node:path';
import { build } from 'esbuild';
import type { BenchProgram, FloorName, ProgramProcess, ProgramStart, Programs } from './program';
import { type Runtime, startProgram } from './program-process';

/** All but *noop*: there is no object to call. */
const FLOORS: readonly FloorName[] = ['hello', 'bare', 'broadcast', 'socket-rows'];

/** A built file that one runtime runs. */
class ResidentProgram implements BenchProgram {
  readonly home: Runtime;
  readonly modulePath: string;

  constructor(home: Runtime, modulePath: string) {
    this.home = home;
    this.modulePath = modulePath;
  }

  start({ storage, env, inspectorPort, output }: ProgramStart): Promise<ProgramProcess> {
    const { home: runtime, modulePath } = this;
    const how = { runtime, modulePath, inspectorPort, output };
    return startProgram({ ...how, arguments: [storage], env: { ...process.env, ...env } });
  }
}

/** Bundles an entry and its packages into one file. Packages that are CommonJS require Node's own modules. */
async function bundled(folder: string, entry: string, name: string): Promise<string> {
  const modulePath = join(folder, `${name}.js`);
  await build({
    entryPoints: [entry],
    outfile: modulePath,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'es2024',
    logLevel: 'warning',
    loader: { '.html': 'text', '.txt': 'text', '.sql': 'text' },
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  return modulePath;
}

/** Builds the registry and the floors for one runtime of the resident host into a folder. */
export async function residentPrograms(home: Runtime, folder: string): Promise<Programs> {
  // Beside the others, where the registry and the floors look for it.
  await bundled(folder, 'src/host/resident/storage/checkpoint-worker.ts', 'checkpoint-worker');
  const program = async (name: string) =>
    new ResidentProgram(home, await bundled(folder, `bench/resident/${name}.ts`, name));
  const floors = new Map<FloorName, BenchProgram>();
  for (const name of FLOORS) floors.set(name, await program(name));
  return {
    home,
    registry: await program('registry'),
    floor: (name) => {
      const floor = floors.get(name);
      if (floor === undefined) throw new Error(`there is no floor "${name}" in the resident host`);
      return floor;
    },
  };
}
